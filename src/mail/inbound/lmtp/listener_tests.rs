//! Where the door listens, with real sockets.

use std::os::unix::fs::PermissionsExt as _;

use futures_util::future::{BoxFuture, ready};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;

use super::super::super::address::{Recipient, Scheme};
use super::super::super::door::{Delivery, Turned};
use super::super::Limits;
use super::*;

struct Nobody;

impl Door for Nobody {
    fn knows<'a>(&'a self, _: &'a Recipient) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(ready(Err(Turned::unknown())))
    }
    fn take<'a>(&'a self, _: Delivery<'a>) -> BoxFuture<'a, Result<(), Turned>> {
        Box::pin(ready(Err(Turned::unknown())))
    }
}

fn settings(sessions: usize) -> Settings {
    Settings {
        name: "reply.site.example".to_owned(),
        scheme: Scheme::of_domain("reply.site.example").unwrap(),
        limits: Limits {
            sessions,
            ..Limits::default()
        },
    }
}

async fn greeting(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    line
}

#[tokio::test]
async fn a_port_serves_so_many_sessions_and_then_refuses() {
    let listener = bind(&Place::Port(([127, 0, 0, 1], 0).into()))
        .await
        .unwrap();
    let port = listener.port().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listen(
        listener,
        settings(2),
        Arc::new(Nobody),
        stop.clone(),
    ));
    let connect = async || TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut first, mut second) = (connect().await, connect().await);
    for open in [&mut first, &mut second] {
        assert_eq!(greeting(open).await, "220 reply.site.example LMTP\r\n");
    }
    assert!(
        greeting(&mut connect().await)
            .await
            .starts_with("421 4.3.2 too many sessions")
    );
    first.write_all(b"QUIT\r\n").await.unwrap();
    let mut rest = String::new();
    first.read_to_string(&mut rest).await.unwrap();
    drop(first);
    // Its place is free as soon as its task has ended.
    while !greeting(&mut connect().await).await.starts_with("220") {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    serving.await.unwrap();
    assert!(greeting(&mut second).await.starts_with("421 4.3.2"));
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_machine_that_may_not_deliver_is_told_so_and_served_nothing() {
    for (may, greets) in [(false, "554 5.7.1"), (true, "220 reply.site.example")] {
        let any = ([0, 0, 0, 0], 0).into();
        let here = IpAddr::from([127, 0, 0, 1]);
        let peers = Peers::those(move |peer| may && peer == here);
        let listener = bind(&Place::Open(any, peers)).await.unwrap();
        let port = listener.port().unwrap();
        let stop = CancellationToken::new();
        let door = Arc::new(Nobody);
        let serving = tokio::spawn(listen(listener, settings(1), door, stop.clone()));
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let first = greeting(&mut stream).await;
        assert!(first.starts_with(greets), "{first}");
        if !may {
            let mut rest = String::new();
            stream.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "");
        }
        stop.cancel();
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_socket_file_is_the_mail_servers_and_goes_with_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp");
    let place = Place::Socket(path.clone());
    // As a killed process leaves it.
    drop(UnixListener::bind(&path).unwrap());
    let listener = bind(&place).await.unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert!(matches!(bind(&place).await, Err(Unbound::InUse(_))));
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listen(
        listener,
        settings(1),
        Arc::new(Nobody),
        stop.clone(),
    ));
    let mut stream = loop {
        // The look at whether somebody listens took the one session.
        let mut stream = UnixStream::connect(&path).await.unwrap();
        if greeting(&mut stream).await.starts_with("220") {
            break stream;
        }
    };
    stop.cancel();
    serving.await.unwrap();
    assert!(greeting(&mut stream).await.starts_with("421"));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_place_that_cannot_be_had_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let refused = async |place: Place| bind(&place).await.unwrap_err().to_string();
    let port = refused(Place::Port(([0, 0, 0, 0], 0).into())).await;
    assert!(
        port.starts_with("0.0.0.0:0 can be reached from other machines"),
        "{port}"
    );
    let other = refused(Place::Socket(file.clone())).await;
    assert!(other.contains("is there and is no socket"), "{other}");
    assert!(file.exists(), "what is not ours stays");
    let nowhere = refused(Place::Socket(folder.path().join("none/lmtp"))).await;
    assert!(nowhere.starts_with("cannot listen at"), "{nowhere}");
}
