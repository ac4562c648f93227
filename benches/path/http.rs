//! A client that costs little, so that the machine's cores are the daemon's: one connection, one request at a time.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// A request with a JSON body; the answer must be a success.
    pub async fn post<A: DeserializeOwned>(
        &mut self,
        token: &str,
        path: &str,
        body: &impl Serialize,
    ) -> A {
        let body = serde_json::to_string(body).unwrap();
        let key = format!("{:032x}", rand::random::<u128>());
        let length = body.len();
        let request = format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let (status, body) = self.send(&request).await;
        let text = || String::from_utf8_lossy(&body);
        assert!((200..300).contains(&status), "{path}: {status} {}", text());
        serde_json::from_slice(&body).unwrap()
    }

    /// What a path of the API shows.
    pub async fn look<A: DeserializeOwned>(&mut self, token: &str, path: &str) -> A {
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let (status, body) = self.send(&request).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// The status and the body of a path without an answer in JSON.
    pub async fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
        self.send(&request).await
    }

    /// A page as the browser of somebody with this session gets it; it must be there.
    pub async fn page(&mut self, session: &str, path: &str) -> String {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: handover={session}\r\n\r\n");
        let (status, body) = self.send(&request).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn send(&mut self, request: &str) -> (u16, Vec<u8>) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the daemon closed the connection");
        };
        let head = String::from_utf8(self.buffer[..end].to_ascii_lowercase()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while self.buffer.len() < end + length {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the daemon closed the connection");
        }
        (status, self.buffer[end..end + length].to_vec())
    }
}
