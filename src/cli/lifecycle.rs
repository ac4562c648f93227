//! Runs and projects into the trash and the archive, out of them, and away for good.

use serde_json::json;

use crate::wire::Item;

use super::amounts::Moments;
use super::api::path;
use super::args::ChangeItems;
use super::failure::Failure;
use super::items::Kind;
use super::names;
use super::session::{Form, Session};
use super::text::printable;

/// What is done with items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Trash,
    Restore,
    Archive,
    Unarchive,
    Purge,
}

impl Act {
    /// As the API names it.
    const fn verb(self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Archive => "archive",
            Self::Unarchive => "unarchive",
            Self::Purge => "purge",
        }
    }

    /// Where names are looked for.
    const fn state(self) -> Option<&'static str> {
        match self {
            Self::Trash | Self::Archive | Self::Unarchive => None,
            Self::Restore | Self::Purge => Some("trashed"),
        }
    }

    fn told(self, item: &Item, moments: &Moments) -> String {
        match (self, &item.purge_at) {
            (Self::Trash, _) => "is in the trash".to_owned(),
            (Self::Restore | Self::Unarchive, _) => format!("is {} again", printable(&item.state)),
            (Self::Archive, _) => "is archived".to_owned(),
            (Self::Purge, Some(at)) => format!(
                "is purged on {}; until then, handover item restore takes it back",
                moments.full(at)
            ),
            (Self::Purge, None) => "is purged".to_owned(),
        }
    }
}

/// `handover item trash`, `restore`, `archive`, `unarchive`, `purge`: one after the other, until one is refused.
pub(super) fn change(
    args: &ChangeItems,
    act: Act,
    session: &mut Session<'_, '_>,
) -> Result<(), Failure> {
    let kinds = [Kind::Run, Kind::Project];
    let context = args.context.as_deref();
    let ids = names::resolve_in(&args.items, &kinds, context, act.state(), session)?;
    for id in &ids {
        let kind = names::kind_of_id(id).unwrap_or(Kind::Project);
        let document = session.command(&[kind.list(), id, act.verb()], &json!({}), &args.once)?;
        match session.form {
            Form::Json => session.document(&document)?,
            Form::Terse => session.print(format_args!("{}\n", printable(id)))?,
            Form::People => {
                let item: Item = document.read()?;
                let (word, name) = (printable(&item.kind), printable(&item.name));
                let told = act.told(&item, &session.moments);
                session.print(format_args!("The {word} \"{name}\" {told}.\n"))?;
            }
        }
    }
    Ok(())
}

/// The path of an item in the API.
pub(super) fn place(id: &str, more: &str) -> String {
    let kind = names::kind_of_id(id).unwrap_or(Kind::Project);
    path(&[kind.list(), id, more])
}
