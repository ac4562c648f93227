//! What is said in a session.

use std::borrow::Cow;

use smtp_proto::{MAIL_BODY_BINARYMIME, MailFrom, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::super::address::Recipient;
use super::super::door::{Delivery, Door, Turned};
use super::Settings;
use super::body::{Body, Flaw};
use super::wire::{Gone, Line, Wire};

/// The longest envelope sender, in octets.
const LONGEST_SENDER: usize = 320;

/// Serves one connection to its end.
pub async fn serve<S>(stream: S, settings: &Settings, door: &dyn Door, stop: &CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut session = Session {
        wire: Wire::new(stream, &settings.limits),
        settings,
        door,
        stop,
        greeted: false,
        transaction: None,
        refused: 0,
    };
    match session.converse().await {
        Ok(()) | Err(Gone::Left) => {}
        Err(Gone::TooSlow) => {
            let words = "421 4.4.2 this took too long; connect again";
            session.wire.last_words(words).await;
        }
    }
    session.wire.close().await;
}

struct Session<'a, S> {
    wire: Wire<S>,
    settings: &'a Settings,
    door: &'a dyn Door,
    stop: &'a CancellationToken,
    greeted: bool,
    transaction: Option<Transaction>,
    refused: usize,
}

struct Transaction {
    /// None when it is null.
    sender: Option<String>,
    recipients: Vec<Recipient>,
}

/// Whether a session goes on.
enum Next {
    On,
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<'_, S> {
    async fn converse(&mut self) -> Result<(), Gone> {
        let name = &self.settings.name;
        self.wire.say(&format!("220 {name} LMTP")).await?;
        loop {
            let stopped = self.stop.cancelled();
            let line = tokio::select! {
                biased;
                line = self.wire.line() => line?,
                () = stopped => {
                    self.wire.say("421 4.3.2 this service stops; connect again").await?;
                    return self.wire.flush().await;
                }
            };
            if let Next::End = self.answer(line).await? {
                return self.wire.flush().await;
            }
        }
    }

    async fn answer(&mut self, line: Line) -> Result<Next, Gone> {
        let line = match line {
            Line::Command(line) => line,
            Line::TooLong => return self.refuse("500 5.5.2 this line is too long").await,
            Line::Broken => {
                // What follows might be meant as something else than we read.
                let words = "500 5.5.2 each line ends in CR LF, and holds neither elsewhere";
                self.wire.say(words).await?;
                return Ok(Next::End);
            }
        };
        match Request::parse(&mut line.iter()) {
            Ok(request) => self.request(request).await,
            Err(smtp_proto::Error::UnknownCommand | smtp_proto::Error::NeedsMoreData { .. }) => {
                self.refuse("500 5.5.1 this command is not known here")
                    .await
            }
            Err(smtp_proto::Error::InvalidRecipientAddress) => self.turn(&Turned::unknown()).await,
            Err(smtp_proto::Error::InvalidSenderAddress) => {
                self.refuse("501 5.1.7 this is no address").await
            }
            Err(_) => {
                self.refuse("501 5.5.4 this command is not written so")
                    .await
            }
        }
    }

    async fn request(&mut self, request: Request<Cow<'_, str>>) -> Result<Next, Gone> {
        match request {
            Request::Lhlo { .. } => {
                self.greeted = true;
                self.transaction = None;
                self.introduce().await
            }
            Request::Mail { from } => self.mail(from).await,
            Request::Rcpt { to } => self.recipient(&to.address).await,
            Request::Data => self.data().await,
            Request::Rset => {
                self.transaction = None;
                self.accept("250 2.0.0 forgotten").await
            }
            Request::Noop { .. } => self.accept("250 2.0.0 still here").await,
            // It tells nobody which addresses there are.
            Request::Vrfy { .. } => self.accept("252 2.1.5 send it, and see").await,
            Request::Quit => {
                self.wire.say("221 2.0.0 goodbye").await?;
                Ok(Next::End)
            }
            Request::Bdat { .. } | Request::Burl { .. } => {
                // A chunk follows without asking; it is not to be read as commands.
                self.wire.say("502 5.5.1 send it with DATA").await?;
                Ok(Next::End)
            }
            Request::Ehlo { .. } | Request::Helo { .. } => {
                self.refuse("500 5.5.1 this is LMTP; begin with LHLO").await
            }
            Request::Auth { .. }
            | Request::Expn { .. }
            | Request::Help { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::StartTls => {
                self.refuse("502 5.5.1 this command is not known here")
                    .await
            }
        }
    }

    async fn introduce(&mut self) -> Result<Next, Gone> {
        let Settings { name, limits, .. } = self.settings;
        let words = format!(
            "250-{name}\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {}",
            limits.message
        );
        self.accept(&words).await
    }

    async fn mail(&mut self, from: MailFrom<Cow<'_, str>>) -> Result<Next, Gone> {
        if !self.greeted {
            return self.refuse("503 5.5.1 begin with LHLO").await;
        }
        if self.transaction.is_some() {
            return self
                .refuse("503 5.5.1 one message at a time; RSET forgets it")
                .await;
        }
        if from.size > self.settings.limits.message {
            return self.refuse("552 5.3.4 this message is too large").await;
        }
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            return self.refuse("501 5.5.4 send it as 8BITMIME").await;
        }
        let sender = from.address.trim();
        if sender.len() > LONGEST_SENDER || sender.chars().any(char::is_control) {
            return self.refuse("501 5.1.7 this is no address").await;
        }
        self.transaction = Some(Transaction {
            sender: (!sender.is_empty()).then(|| sender.to_owned()),
            recipients: Vec::new(),
        });
        self.accept("250 2.1.0 who is it for?").await
    }

    async fn recipient(&mut self, address: &str) -> Result<Next, Gone> {
        let Some(transaction) = &mut self.transaction else {
            return self.refuse("503 5.5.1 begin with MAIL").await;
        };
        if transaction.recipients.len() >= self.settings.limits.recipients {
            let words = "452 4.5.3 too many recipients; send the others after these";
            return self.accept(words).await;
        }
        let known = match self.settings.scheme.read(address) {
            Some(recipient) => self.door.knows(&recipient).await.map(|()| recipient),
            // The same answer as for a token that is none.
            None => Err(Turned::unknown()),
        };
        match known {
            Ok(recipient) => {
                transaction.recipients.push(recipient);
                self.accept("250 2.1.5 it would be taken").await
            }
            Err(turned) => self.turn(&turned).await,
        }
    }

    async fn data(&mut self) -> Result<Next, Gone> {
        let ready = self
            .transaction
            .take_if(|transaction| !transaction.recipients.is_empty());
        let Some(transaction) = ready else {
            return self.refuse("503 5.5.1 there is nobody to take it").await;
        };
        self.wire
            .say("354 end it with a dot alone on a line")
            .await?;
        let mut body = Body::new(self.settings.limits.message);
        loop {
            let input = self.wire.input();
            let end = body.read(input);
            let read = end.unwrap_or(input.len());
            self.wire.take(read);
            if end.is_some() {
                break;
            }
            self.wire.fill().await?;
        }
        match body.end() {
            Ok(raw) => self.deliver(&transaction, &raw).await?,
            Err(flaw) => {
                let words = match flaw {
                    Flaw::TooLong => "552 5.3.4 this message is too large",
                    Flaw::LineEnd => "554 5.6.0 this message holds a CR or an LF alone",
                };
                for _ in &transaction.recipients {
                    self.wire.say(words).await?;
                }
            }
        }
        Ok(Next::On)
    }

    /// One answer for each recipient (RFC 2033 §4.2).
    async fn deliver(&mut self, transaction: &Transaction, raw: &[u8]) -> Result<(), Gone> {
        for recipient in &transaction.recipients {
            let delivery = Delivery {
                recipient,
                envelope_sender: transaction.sender.as_deref(),
                raw,
                signed: None,
            };
            match self.door.take(delivery).await {
                Ok(()) => self.wire.say("250 2.0.0 taken").await?,
                Err(turned) => self.wire.say(&written(&turned)).await?,
            }
        }
        Ok(())
    }

    async fn accept(&mut self, words: &str) -> Result<Next, Gone> {
        self.wire.say(words).await?;
        Ok(Next::On)
    }

    async fn turn(&mut self, turned: &Turned) -> Result<Next, Gone> {
        let words = written(turned);
        match turned.code {
            500.. => self.refuse(&words).await,
            _ => self.accept(&words).await,
        }
    }

    /// Refuses a command; the last that is borne ends the session.
    async fn refuse(&mut self, words: &str) -> Result<Next, Gone> {
        self.refused += 1;
        if self.refused < self.settings.limits.errors {
            self.wire.say(words).await?;
            return Ok(Next::On);
        }
        self.wire
            .say("421 4.7.0 too many errors; connect again")
            .await?;
        Ok(Next::End)
    }
}

/// One line, whatever the sentence holds.
fn written(turned: &Turned) -> String {
    turned
        .to_string()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
