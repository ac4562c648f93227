//! `handover mail-in`: one message of standard input, delivered to the running daemon by its own reply door. So everything that is true
//! of a delivery by LMTP is true of this one.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::at_door::AtDoor;
use crate::config::Config;

/// Refused for good (`EX_NOUSER` of sysexits): the mail server gives it back.
const REFUSED: u8 = 67;
/// Not now (`EX_TEMPFAIL`): the mail server keeps it and comes back.
const LATER: u8 = 75;
/// Patience with each answer of the daemon.
const PATIENCE: Duration = Duration::from_secs(60);

/// Delivers; the exit code says what the mail server does next.
pub fn mail_in(file: Option<&Path>, sender: &str, recipient: &str) -> ExitCode {
    let answer = match super::configuration(file) {
        Ok(config) => deliver(&config, sender, recipient),
        Err(problems) => Err(problems.to_string()),
    };
    match answer {
        Ok(answer) if answer.starts_with('2') => ExitCode::SUCCESS,
        Ok(answer) => {
            eprintln!("handover: {answer}");
            ExitCode::from(if answer.starts_with('5') {
                REFUSED
            } else {
                LATER
            })
        }
        Err(why) => {
            eprintln!("handover: {why}; the mail server comes back with the message");
            ExitCode::from(LATER)
        }
    }
}

/// The daemon's last answer.
fn deliver(config: &Config, sender: &str, recipient: &str) -> Result<String, String> {
    let Some(door) = &config.reply.listen else {
        return Err("reply.listen is left out, so the daemon takes no mail".to_owned());
    };
    let sane = |address: &str| {
        !address
            .chars()
            .any(|c| c.is_control() || c == '<' || c == '>')
    };
    if !sane(sender) || !sane(recipient) {
        return Ok("553 5.1.3 an address of the envelope holds what none can".to_owned());
    }
    let most = config.reply.max_message_size.as_bytes();
    let mut raw = Vec::new();
    let read = io::stdin()
        .lock()
        .take(most.saturating_add(1))
        .read_to_end(&mut raw);
    read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    if raw.len() as u64 > most {
        return Ok("552 5.3.4 the message is larger than reply.max_message_size".to_owned());
    }
    let talk = || -> io::Result<String> {
        let mut at_door = AtDoor::knock(door, PATIENCE)?;
        let mut said = at_door.ask(sender, recipient)?;
        if said.starts_with('2') {
            said = at_door.say("DATA")?;
        }
        if said.starts_with('3') {
            said = at_door.send(&stuffed(&raw))?;
        }
        Ok(said)
    };
    talk().map_err(|error| format!("{door}: {error}; see that the daemon runs"))
}

/// As it goes over the wire: lines end in CR LF, a dot at the start of a line is doubled, a dot alone ends it. What some mail servers put
/// in front (`From ` and a date, as in a mailbox file) is no part of the message.
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut lines = raw.split(|byte| *byte == b'\n').peekable();
    lines.next_if(|line| line.starts_with(b"From "));
    let mut wire = Vec::with_capacity(raw.len() + raw.len() / 32 + 5);
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_a_pipe_goes_over_the_wire_as_lmtp_has_it() {
        let check = |raw: &str, wire: &str| {
            assert_eq!(String::from_utf8(stuffed(raw.as_bytes())).unwrap(), wire);
        };
        check("a: b\n\nx\n", "a: b\r\n\r\nx\r\n.\r\n");
        check("a: b\r\n\r\nx", "a: b\r\n\r\nx\r\n.\r\n");
        check(
            "From x Mon\na: b\n\n.\n..y\n",
            "a: b\r\n\r\n..\r\n...y\r\n.\r\n",
        );
        check("", ".\r\n");
    }
}
