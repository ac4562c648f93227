//! A site with its mail servers and its daemon, and two people who have signed in by mail: one offers, the other is asked.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::daemon::{Daemon, Person, Place, until, within};
use crate::mail_site::{MailSite, Plan};
use crate::post_office::Delivered;

/// The group that the recipient may accept into.
const GROUP: &str =
    "[[workgroup]]\nhandle = \"techsupport\"\nname = \"TechSupport\"\nowner = \"tess@lab.test\"\n";

pub struct Story {
    pub daemon: Daemon,
    pub place: Place,
    pub site: MailSite,
    /// Who has the data.
    pub core: Person,
    requests: Cell<usize>,
    _home: tempfile::TempDir,
}

impl Story {
    pub fn begin(plan: &Plan) -> Self {
        Self::with(plan, "")
    }

    /// A site that takes replies: the mail server brings them, and they may do what this mode says.
    pub fn with_door(plan: &Plan, mode: &str) -> Self {
        let authority = if mode == "act" {
            "authserv_id = \"site.test\"\n"
        } else {
            ""
        };
        Self::with(plan, &format!("mode = \"{mode}\"\n{authority}"))
    }

    fn with(plan: &Plan, replies: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let site = MailSite::start(home.path(), plan);
        let door = match replies {
            "" => String::new(),
            replies => format!("[reply]\nlisten = \"{}\"\n{replies}", site.door),
        };
        let more = format!("{door}{GROUP}");
        let mut place = Place::with_mail(&home.path().join("site"), &site.smtp(), &more);
        place.trusts = Some(site.certificate());
        let mut daemon = place.start();
        daemon.ready(&place);
        let core = sign_in(&place, &site, "core@site.test");
        Self {
            daemon,
            place,
            site,
            core,
            requests: Cell::new(0),
            _home: home,
        }
    }

    /// Somebody with a mailbox here signs in.
    pub fn sign_in(&self, address: &str) -> Person {
        sign_in(&self.place, &self.site, address)
    }

    /// A project of this name is made and offered; the offer as the API shows it.
    pub fn offer(&self, name: &str, recipient: &str) -> Value {
        let project = json!({ "name": name });
        let made = self.core.done("/projects", &self.key(), &project);
        let offer = json!({ "items": [made["id"]], "recipient": recipient, "accept_terms": true });
        let offered = self.core.done("/transfers", &self.key(), &offer);
        let id = offered["transfer"]["id"].as_str().unwrap();
        self.transfer(id)
    }

    /// A transfer as its sender sees it.
    pub fn transfer(&self, id: &str) -> Value {
        let (status, page) = self.core.get(&format!("/transfers/{id}"));
        assert_eq!(status, 200, "{page}");
        page
    }

    /// The letter of an offer, once it is as it should be.
    pub fn letter(&self, offer: &Value, is: impl Fn(&Value) -> bool) -> Value {
        let id = offer["transfer"]["id"].as_str().unwrap();
        // The second pause between two tries is two minutes and a bit.
        until("the letter of the offer is settled", within(200), || {
            let letter = self.transfer(id)["letters"][0].clone();
            is(&letter).then_some(letter)
        })
    }

    /// Waits until a transfer has come to this state.
    pub fn until_it_is(&self, id: &str, state: &str) -> Value {
        until(&format!("{id} is {state}"), within(60), || {
            let page = self.transfer(id);
            (page["transfer"]["state"] == state).then_some(page)
        })
    }

    /// Waits until so many messages came in of which this became.
    pub fn until_outcome(&self, outcome: &str, times: u64) {
        let line = format!("handover_mail_understood_total{{outcome=\"{outcome}\"}} {times}");
        let url = format!("{}/metrics", self.place.operators);
        until(&format!("{line} is measured"), within(60), || {
            let mut answer = ureq::get(&url).call().ok()?;
            let measured = answer.body_mut().read_to_string().ok()?;
            measured.lines().any(|said| said == line).then_some(())
        });
    }

    fn key(&self) -> String {
        self.requests.set(self.requests.get() + 1);
        format!("story-{}", self.requests.get())
    }
}

fn sign_in(place: &Place, site: &MailSite, address: &str) -> Person {
    Person::sign_in_by(place, address, || {
        site.mailbox(address)
            .wait_for("a code", |letter| letter.code().is_some())
    })
}

/// An answer to a letter as a mail program writes it, with more lines for its header.
pub fn reply(letter: &Delivered, from: &str, text: &str, more: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let to = letter.header("Reply-To").unwrap();
    let Delivered {
        subject,
        message_id,
        ..
    } = letter;
    let quoted: String = letter
        .text()
        .lines()
        .map(|line| format!("> {line}\n"))
        .collect();
    format!(
        "{more}From: Somebody <{from}>\nTo: {to}\nSubject: Re: {subject}\nMessage-ID: <{number}@lab.test>\n\
         In-Reply-To: {message_id}\nDate: Sun, 22 Nov 2026 17:00:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n\n{quoted}"
    )
}

/// Shows what the daemon said when the test fails.
impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.place.log();
            let lines = log.lines().filter(|line| !line.contains("web::door"));
            lines.for_each(|line| println!("{line}"));
        }
    }
}
