//! Mail from people and from strangers, which may say anything.

use std::net::IpAddr;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(30));

/// Speaks SMTP to this port from that address of loopback, and sends the message as it is written, whatever its header claims.
///
/// An empty sender is the null one, which robots use. What fails is what the mail server said.
pub fn send(port: u16, from_ip: &str, sender: &str, to: &str, raw: &str) -> Result<(), String> {
    let from_ip: IpAddr = from_ip.parse().unwrap();
    let (server, hello) = (("127.0.0.1", port), hello());
    let mut connection =
        SmtpConnection::connect(server, PATIENCE, &hello, None, Some(from_ip)).unwrap();
    say(&mut connection, sender, to, raw)
}

/// Sends a message of one's own as a mail program does: with STARTTLS, and a login.
pub fn submit(
    port: u16,
    certificate: &[u8],
    password: &str,
    sender: &str,
    to: &str,
    raw: &str,
) -> Result<(), String> {
    let certificate = Certificate::from_pem(certificate).unwrap();
    let tls = TlsParameters::builder("localhost".to_owned())
        .add_root_certificate(certificate)
        .build()
        .unwrap();
    let (server, hello) = (("127.0.0.1", port), hello());
    let mut connection = SmtpConnection::connect(server, PATIENCE, &hello, None, None).unwrap();
    connection.starttls(&tls, &hello).unwrap();
    let login = Credentials::new(sender.to_owned(), password.to_owned());
    connection.auth(&[Mechanism::Plain], &login).unwrap();
    say(&mut connection, sender, to, raw)
}

fn say(connection: &mut SmtpConnection, sender: &str, to: &str, raw: &str) -> Result<(), String> {
    let sender = (!sender.is_empty()).then(|| sender.parse().unwrap());
    let envelope = Envelope::new(sender, vec![to.parse().unwrap()]).unwrap();
    let raw = raw.replace('\n', "\r\n");
    let sent = connection.send(&envelope, raw.as_bytes());
    let _ = connection.quit();
    sent.map(drop).map_err(|refused| refused.to_string())
}

fn hello() -> ClientId {
    ClientId::Domain("mx.lab.test".to_owned())
}
