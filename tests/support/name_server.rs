//! A name server on loopback that says what it is told to, and counts what it is asked.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use dns::base::iana::Rcode;
use dns::base::{Message, MessageBuilder, Rtype, Ttl};
use dns::rdata::Txt;

/// What is said of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// This text.
    Text(String),
    /// That it failed to find out.
    Fails,
    /// Nothing at all.
    Silent,
}

#[derive(Default)]
struct Known {
    names: BTreeMap<String, Says>,
    questions: usize,
}

/// Names without anything to say do not exist.
#[derive(Clone)]
pub struct NameServer {
    pub at: SocketAddr,
    known: Arc<Mutex<Known>>,
}

impl NameServer {
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let server = Self {
            at: socket.local_addr().unwrap(),
            known: Arc::default(),
        };
        let known = Arc::clone(&server.known);
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                let asked = Message::from_slice(&buffer[..length]).unwrap();
                if let Some(answer) = answered(asked, &known) {
                    socket.send_to(&answer, peer).unwrap();
                }
            }
        });
        server
    }

    /// From now on.
    pub fn says(&self, name: &str, says: Says) {
        let mut known = self.known.lock().unwrap();
        known.names.insert(name.to_lowercase(), says);
    }

    /// How many questions came.
    pub fn questions(&self) -> usize {
        self.known.lock().unwrap().questions
    }
}

fn answered(asked: &Message<[u8]>, known: &Mutex<Known>) -> Option<Vec<u8>> {
    let question = asked.sole_question().unwrap();
    let name = question.qname().to_string().to_lowercase();
    let mut known = known.lock().unwrap();
    known.questions += 1;
    let says = known.names.get(name.trim_end_matches('.')).cloned();
    let rcode = match &says {
        None => Rcode::NXDOMAIN,
        Some(Says::Fails) => Rcode::SERVFAIL,
        Some(Says::Silent) => return None,
        Some(Says::Text(_)) => Rcode::NOERROR,
    };
    let builder = MessageBuilder::new_vec();
    let mut answer = builder.start_answer(asked, rcode).unwrap();
    if let (Some(Says::Text(text)), Rtype::TXT) = (says, question.qtype()) {
        let text: Txt<Vec<u8>> = Txt::build_from_slice(text.as_bytes()).unwrap();
        let record = (question.qname(), Ttl::from_secs(60), text);
        answer.push(record).unwrap();
    }
    Some(answer.finish())
}
