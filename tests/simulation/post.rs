//! What people, robots, forgers and mail servers write to the addresses in a letter, and the mail server that brings it until it is taken.

use std::sync::Arc;

use handover::actors::incoming::Desk;
use handover::courier::{Inbox, Keeper, READ_AT_ONCE};
use handover::domain::address::Address;
use handover::domain::id::{Context, LetterId};
use handover::domain::incoming::Purpose;
use handover::domain::letter::{Kind, Letter, Subject};
use handover::domain::workgroup::Workgroup;
use handover::mail::inbound::{self, Delivery, Door as _, Recipient};
use tokio::sync::{Notify, Semaphore};

use crate::broken::Broken;
use crate::cluster::{Cluster, HANDLES, KEY, PEOPLE, WORKGROUPS};
use crate::mailbox::reply;
use crate::node::Node;
use crate::shadow::Shadow;
use crate::universe::{Home, Universe, locked};

/// Whose word about a sender the site trusts.
const BORDER: &str = "mx.site.example";
/// Where nobody lives to whom anything is ever sent.
pub const EVIL: &str = "evil.example";
/// So often the mail server comes with a message.
const BRINGS: u32 = 20;

/// What somebody means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// Accept, into the context that is called so.
    Accept(Option<String>),
    /// Decline, and why.
    Decline(Option<String>),
    /// Anything else.
    Nothing,
    /// A mail server says this of the letter's delivery.
    Report {
        about: String,
        failed: bool,
        status: &'static str,
    },
}

/// A message that somebody wrote, with what is true of it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub letter: LetterId,
    pub purpose: Purpose,
    pub from: Address,
    /// The border saw that it comes from whom it says.
    pub vouched: bool,
    /// A program wrote it.
    pub robot: bool,
    pub means: Means,
    /// The mail server was told that it is kept.
    pub acknowledged: bool,
    sender: Option<String>,
    raw: String,
}

/// What understands messages on this node.
pub fn inbox(node: &Arc<Node>) -> Inbox {
    Inbox {
        desk: Arc::clone(node) as Arc<dyn Desk>,
        settings: examined_by(),
        reading: Semaphore::new(READ_AT_ONCE),
        arrived: Arc::new(Notify::new()),
    }
}

fn examined_by() -> inbound::Settings {
    inbound::Settings {
        reply_domain: "reply.site.example".to_owned(),
        authentication: inbound::Authentication::Border(BORDER.to_owned()),
    }
}

/// A letter reached a mailbox, or the server before it: sometimes somebody writes back, and what is written is brought.
pub fn arrived(cluster: &Arc<Cluster>, letter: &Letter) {
    let universe = &cluster.universe;
    let offers = matches!(letter.says, Kind::Offer { .. } | Kind::Reminder { .. });
    let answers = matches!(letter.subject, Subject::Invitation(_))
        && universe.percent(if offers { 45 } else { 6 });
    let reports = universe.percent(if universe.is_calm() { 2 } else { 10 });
    for is_report in [answers.then_some(false), reports.then_some(true)] {
        let Some(is_report) = is_report else { continue };
        let (here, letter) = (Arc::clone(cluster), letter.clone());
        universe.spawn(Home::Outside, async move {
            let universe = &here.universe;
            // Some answer long after, when the offer may have ended or another letter has come.
            let late = if universe.percent(20) { 3_000 } else { 250 };
            universe.rest(universe.below(late)).await;
            let times = 1 + u64::from(universe.percent(12));
            for _ in 0..times {
                let n = match is_report {
                    true => report(&here, &letter),
                    false => answer(&here, &letter),
                };
                let Some(n) = n else { return };
                let twice = universe.fault(80);
                for _ in 0..1 + u64::from(twice) {
                    let work = bring(Arc::clone(&here), n);
                    universe.spawn(Home::Outside, work);
                }
            }
        });
    }
}

/// Writes an answer to a letter; which message it is.
fn answer(cluster: &Cluster, letter: &Letter) -> Option<usize> {
    let universe = &cluster.universe;
    let mut checker = locked(&cluster.checker);
    let shadow = &checker.shadow;
    let mut mail = Mail {
        letter: letter.id,
        purpose: Purpose::Reply,
        from: letter.to.clone(),
        vouched: true,
        robot: false,
        means: means(universe, shadow, letter),
        acknowledged: false,
        sender: Some(letter.to.to_string()),
        raw: String::new(),
    };
    let domain = |address: &Address| address.domain().to_owned();
    let border = |says: &str| format!("Authentication-Results: {BORDER}; {says}");
    let pass = |address: &Address| border(&format!("dmarc=pass header.from={}", domain(address)));
    let mut head = vec![pass(&mail.from)];
    match universe.below(20) {
        0..=10 => {}
        // From another address of theirs.
        11..=12 => {
            let own = shadow.holder(&letter.to).map(|holder| &holder.addresses);
            if let Some(other) = own.and_then(|own| universe.pick(own)) {
                mail.from = other.clone();
                head = vec![pass(other)];
            }
        }
        // Somebody who got a copy.
        13..=14 => {
            let stranger = format!("mallory-{}@{EVIL}", universe.below(3));
            let some = universe.pick(&PEOPLE).filter(|_| universe.percent(60));
            mail.from = some.map_or(stranger, ToString::to_string).parse().ok()?;
            head = vec![pass(&mail.from)];
        }
        // Somebody who says to be them.
        15..=17 => {
            mail.vouched = false;
            mail.sender = Some(format!("forger@{EVIL}"));
            let them = domain(&mail.from);
            head = match universe.below(5) {
                0 => Vec::new(),
                1 => vec![border(&format!("dmarc=fail header.from={them}"))],
                2 => vec![format!(
                    "Authentication-Results: mx.{EVIL}; dmarc=pass header.from={them}"
                )],
                3 => vec![
                    pass(&mail.from),
                    border(&format!("dmarc=fail header.from={them}")),
                ],
                _ => vec![border(&format!("dmarc=pass header.from={EVIL}"))],
            };
        }
        // Nobody is there.
        18 => {
            mail.robot = true;
            head.push("Auto-Submitted: auto-replied".to_owned());
        }
        _ => {
            mail.robot = true;
            mail.sender = None;
        }
    }
    let body = match &mail.means {
        Means::Accept(None) => "accept".to_owned(),
        Means::Accept(Some(name)) => format!("Accept {name}"),
        Means::Decline(None) => "decline.".to_owned(),
        Means::Decline(Some(why)) => format!("decline {why}"),
        Means::Nothing | Means::Report { .. } => {
            let lines = ["yes please", "accept\u{200b}", "thank you!\r\naccept", ""];
            universe.pick(&lines).copied()?.to_owned()
        }
    };
    // A mail server on the way back writes more in front; what is quoted below decides nothing.
    let body = format!("{body}\r\n\r\n> decline\r\n> your letter\r\n");
    Some(checker.inbox.wrote(mail, &head, "text/plain", &body))
}

fn means(universe: &Universe, shadow: &Shadow, letter: &Letter) -> Means {
    let holder = shadow.holder(&letter.to).map(|holder| holder.id);
    let own = shadow
        .memberships()
        .filter(|m| Some(m.account) == holder)
        .filter_map(|m| shadow.workgroup(m.workgroup));
    let own: Vec<_> = own.collect();
    let about = match letter.subject {
        Subject::Invitation(id) => shadow.transfer(id),
        _ => None,
    };
    match universe.below(20) {
        0..=4 => Means::Accept(None),
        5..=8 => Means::Accept(Some("personal".to_owned())),
        9..=12 => Means::Accept(universe.pick(&own).map(|of| match universe.percent(50) {
            true => of.handle.to_string(),
            false => of.name.to_uppercase(),
        })),
        13 => {
            let all: Vec<&str> = HANDLES.iter().chain(&WORKGROUPS).copied().collect();
            Means::Accept(universe.pick(&all).map(ToString::to_string))
        }
        14 => Means::Accept(about.map(|about| about.source_name.clone())),
        15..=16 => Means::Decline(None),
        17 => Means::Decline(Some(format!("not ours, ask anna@{EVIL}"))),
        _ => Means::Nothing,
    }
}

/// Writes what a mail server says of a letter, or somebody who wants it believed.
fn report(cluster: &Cluster, letter: &Letter) -> Option<usize> {
    let universe = &cluster.universe;
    let mut checker = locked(&cluster.checker);
    let about = match universe.below(8) {
        0 => format!("anna@{EVIL}"),
        _ => letter.to.to_string(),
    };
    let (failed, status) = match universe.below(4) {
        0 => (false, "4.4.1"),
        1 => (true, "4.2.2"),
        _ => (true, "5.1.1"),
    };
    let action = if failed { "failed" } else { "delayed" };
    let body = format!(
        "--x\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.{EVIL}\r\n\r\nFinal-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--x--\r\n"
    );
    let mail = Mail {
        letter: letter.id,
        purpose: Purpose::Report,
        from: format!("mailer-daemon@mx.{EVIL}").parse().ok()?,
        vouched: false,
        robot: true,
        means: Means::Report {
            about,
            failed,
            status,
        },
        acknowledged: false,
        sender: None,
        raw: String::new(),
    };
    if universe.percent(10) {
        // Somebody answers where reports go.
        let mail = Mail {
            means: Means::Accept(None),
            ..mail
        };
        return Some(checker.inbox.wrote(mail, &[], "text/plain", "accept\r\n"));
    }
    let kind = "multipart/report; report-type=delivery-status; boundary=\"x\"";
    Some(checker.inbox.wrote(mail, &[], kind, &body))
}

impl Mail {
    /// The message as it is brought, under this number.
    pub fn written(self, n: usize, head: &[String], kind: &str, body: &str) -> Self {
        let mut lines = head.to_vec();
        lines.push(format!("From: {}", self.from));
        lines.push(format!("Message-ID: <mail-{n}@people.example>"));
        lines.push("Subject: Re: your letter".to_owned());
        lines.push("MIME-Version: 1.0".to_owned());
        lines.push(format!("Content-Type: {kind}"));
        let raw = format!("{}\r\n\r\n{body}", lines.join("\r\n"));
        Self { raw, ..self }
    }

    fn recipient(&self) -> Option<Recipient> {
        match self.purpose {
            Purpose::Reply => Recipient::new(inbound::Purpose::Reply, &KEY.reply(self.letter)),
            Purpose::Report => Recipient::new(inbound::Purpose::Bounce, &KEY.bounce(self.letter)),
            // Nobody asks for one here.
            Purpose::Probe => None,
        }
    }

    /// What reaches the door: another message than was written where a rule is broken.
    fn at_the_door(&self, broken: Broken, to: &Address, brought: u32) -> String {
        match broken {
            Broken::ReplyFromAnybody => {
                let own = |line: &str| line.contains(self.from.domain()) && self.vouched;
                let lines = self.raw.split("\r\n").map(|line| match own(line) {
                    true => line
                        .replace(self.from.as_str(), to.as_str())
                        .replace(self.from.domain(), to.domain()),
                    false => line.to_owned(),
                });
                lines.collect::<Vec<_>>().join("\r\n")
            }
            Broken::RepeatedMessage => format!("{}\r\n(brought {brought} times)\r\n", self.raw),
            _ => format!("Received: from somewhere; {brought}\r\n{}", self.raw),
        }
    }
}

/// The mail server brings a message until it is told that it is kept, or never will be.
async fn bring(cluster: Arc<Cluster>, n: usize) {
    let universe = Arc::clone(&cluster.universe);
    let (mail, to) = {
        let checker = locked(&cluster.checker);
        let mail = checker.inbox.mail(n).clone();
        let to = checker.shadow.letter(mail.letter).map(|l| l.to.clone());
        (mail, to)
    };
    let (Some(recipient), Some(to)) = (mail.recipient(), to) else {
        return;
    };
    for brought in 1..=BRINGS {
        universe.rest(1 + universe.below(80)).await;
        let Some(node) = cluster.node(universe.place(2)) else {
            continue;
        };
        let raw = mail.at_the_door(universe.broken, &to, brought);
        let (reply, told) = reply();
        let (here, recipient, sender) = (Arc::clone(&node), recipient.clone(), mail.sender.clone());
        let limits = cluster.limits;
        node.spawn(async move {
            let keeper = Keeper {
                desk: here,
                limits,
                settings: examined_by(),
                arrived: Arc::new(Notify::new()),
            };
            let known = keeper.knows(&recipient).await;
            let delivery = Delivery {
                recipient: &recipient,
                envelope_sender: sender.as_deref(),
                raw: raw.as_bytes(),
                signed: None,
            };
            reply.send(match known {
                Ok(()) => keeper.take(delivery).await,
                Err(turned) => Err(turned),
            });
        });
        let hurried = universe.fault(universe.weather.impatience);
        let patience = hurried.then(|| universe.rest(universe.below(60)));
        let told = told.within(patience).await;
        universe.note(|| format!("mail-{n} at node {}: {told:?}", node.index));
        let mut checker = locked(&cluster.checker);
        match told {
            Some(Ok(())) => {
                checker.inbox.acknowledged(n);
                checker.saw("mail kept");
                // Its answer may be lost on the way.
                if !universe.fault(100) {
                    return;
                }
            }
            Some(Err(turned)) if turned.code >= 500 => {
                if checker.shadow.letter(mail.letter).is_some() {
                    universe.fail(format!("mail-{n} was refused for good: {turned}"));
                }
                return;
            }
            Some(Err(_)) => checker.saw("mail that comes again"),
            None => {}
        }
    }
}

/// Whether a context is called so, by its handle or its name.
pub fn is_called(shadow: &Shadow, context: Context, name: &str) -> bool {
    match context {
        Context::Personal(_) => name.eq_ignore_ascii_case("personal"),
        Context::Workgroup(id) => {
            let workgroup = shadow.workgroup(id);
            workgroup.is_some_and(|of| goes_by(of, name))
        }
    }
}

/// Whether that is the workgroup's handle or name.
pub fn goes_by(of: &Workgroup, name: &str) -> bool {
    of.handle.as_str().eq_ignore_ascii_case(name) || of.name.eq_ignore_ascii_case(name)
}
