//! The built-in mailbox, as the pages show it.

use std::sync::Arc;

use crate::domain::id::LetterId;
use crate::mail::{Mailbox, Rendered};
use crate::web::pages::mailbox::{Kept, Letters};

/// The letters of this mailbox.
pub struct Shown(pub Arc<Mailbox>);

fn kept(letter: &Rendered) -> Kept {
    Kept {
        id: letter.id,
        from: letter
            .from
            .as_ref()
            .map_or_else(|| "<>".to_owned(), ToString::to_string),
        to: letter.to.to_string(),
        at: letter.at,
        subject: letter.subject.clone(),
        message_id: letter.message_id.clone(),
        text: letter.text.clone(),
        html: letter.html.clone(),
    }
}

impl Letters for Shown {
    fn newest_first(&self) -> Vec<Kept> {
        self.0.list().iter().map(|letter| kept(letter)).collect()
    }
    fn letter(&self, id: LetterId) -> Option<Kept> {
        self.0.get(id).map(|letter| kept(&letter))
    }
}
