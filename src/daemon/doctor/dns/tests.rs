use std::net::SocketAddr;

use dns::base::{Message, MessageBuilder, ParsedName, Ttl};
use dns::resolv::stub::conf::{ResolvConf, ServerConf, Transport};
use tokio::net::UdpSocket;

use super::*;

type Octets = Vec<u8>;

fn name(text: &str) -> Name<Octets> {
    text.parse().unwrap()
}

/// What a name server on loopback answers to this question.
fn answer(asked: &Message<[u8]>) -> Octets {
    let question = asked.sole_question().unwrap();
    let owner: &ParsedName<_> = question.qname();
    let asked_for = format!("{} {}", owner, question.qtype());
    let rcode = match asked_for.split('.').next().unwrap() {
        "nobody" => Rcode::NXDOMAIN,
        "broken" => Rcode::SERVFAIL,
        _ => Rcode::NOERROR,
    };
    let mut answer = MessageBuilder::new_vec()
        .start_answer(asked, rcode)
        .unwrap();
    let ttl = Ttl::from_secs(1);
    let exchange = |preference, host: &str| Mx::new(preference, name(host));
    match asked_for.as_str() {
        "reply.uni.example TXT" => {
            let long: Txt<Octets> = Txt::build_from_slice(&[b'a'; 300]).unwrap();
            answer.push((owner, ttl, long)).unwrap();
            let spf: Txt<Octets> = Txt::build_from_slice(b"v=spf1 mx -all").unwrap();
            answer.push((owner, ttl, spf)).unwrap();
        }
        "reply.uni.example MX" => {
            let second = exchange(20, "mx2.uni.example");
            answer.push((owner, ttl, second)).unwrap();
            let first = exchange(10, "mx1.uni.example");
            answer.push((owner, ttl, first)).unwrap();
        }
        "mute.uni.example MX" => answer.push((owner, ttl, exchange(0, "."))).unwrap(),
        "mx1.uni.example A" => {
            let address = A::from_octets(192, 0, 2, 1);
            answer.push((owner, ttl, address)).unwrap();
        }
        "mx1.uni.example AAAA" => {
            let address = Aaaa::new("2001:db8::1".parse().unwrap());
            answer.push((owner, ttl, address)).unwrap();
        }
        _ => {}
    }
    answer.finish()
}

async fn resolver() -> Resolver {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server: SocketAddr = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1_500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let asked = Message::from_slice(&buffer[..length]).unwrap();
            socket.send_to(&answer(asked), peer).await.unwrap();
        }
    });
    let mut conf = ResolvConf::new();
    conf.servers
        .push(ServerConf::new(server, Transport::UdpTcp));
    Resolver(StubResolver::from_conf(conf))
}

#[tokio::test]
async fn records_are_read_as_they_stand_there() {
    let resolver = resolver().await;
    let texts = resolver.texts("reply.uni.example").await;
    assert_eq!(
        texts,
        Ok(vec!["a".repeat(300), "v=spf1 mx -all".to_owned()])
    );
    let exchange = |preference, host: &str, addresses| Exchange {
        preference,
        host: host.to_owned(),
        addresses,
    };
    assert_eq!(
        resolver.exchanges("reply.uni.example").await,
        Ok(vec![
            exchange(10, "mx1.uni.example", 2),
            exchange(20, "mx2.uni.example", 0)
        ])
    );
    let mute = resolver.exchanges("mute.uni.example").await;
    assert_eq!(mute, Ok(vec![exchange(0, "", 0)]));
}

#[tokio::test]
async fn no_records_are_no_failure_and_no_answer_is() {
    let resolver = resolver().await;
    for name in ["uni.example", "nobody.example"] {
        assert_eq!(resolver.texts(name).await, Ok(vec![]), "{name}");
        assert_eq!(resolver.exchanges(name).await, Ok(vec![]), "{name}");
    }
    for (name, then) in [
        (
            "broken.example",
            "the DNS answers SERVFAIL for broken.example",
        ),
        ("a..b", "\"a..b\" is no name of the DNS"),
    ] {
        let unknown = resolver.texts(name).await.unwrap_err();
        assert!(unknown.contains(then), "{unknown}");
    }
}
