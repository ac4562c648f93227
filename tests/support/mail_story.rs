//! A site with its mail servers and its daemon, and two people who have signed in by mail: one offers, the other is asked.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::daemon::{Daemon, Person, Place, until, within};
use crate::mail_site::{MailSite, Plan};

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
        let home = tempfile::tempdir().unwrap();
        let site = MailSite::start(home.path(), plan);
        let mut place = Place::with_mail(&home.path().join("site"), &site.smtp(), GROUP);
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
