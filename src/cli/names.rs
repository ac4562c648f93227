//! From what a person calls runs and projects to their ids.

use std::collections::{BTreeMap, BTreeSet};

use crate::wire::{Guard, Item, ItemPage, SharedItem};

use super::api::path;
use super::failure::{Exit, Failure, reason};
use super::items::Kind;
use super::session::Session;
use super::text::{cut, printable};

/// Whether this is an id of an item, as the API prints them.
pub(super) fn kind_of_id(text: &str) -> Option<Kind> {
    let (kind, digits) = match text.split_once('_')? {
        ("run", digits) => (Kind::Run, digits),
        ("prj", digits) => (Kind::Project, digits),
        _ => return None,
    };
    let digit = |b: u8| b.is_ascii_alphanumeric();
    (digits.len() == 26 && digits.bytes().all(digit)).then_some(kind)
}

/// The ids of what was named, in that order. Names are looked for in one context and must be there once among the kinds that
/// are asked for; every name that is not is reported.
pub(super) fn resolve(
    wanted: &[String],
    kinds: &[Kind],
    context: Option<&str>,
    session: &Session<'_, '_>,
) -> Result<Vec<String>, Failure> {
    resolve_in(wanted, kinds, context, None, session)
}

/// The same among items in one state; without one, names in the trash are not found.
pub(super) fn resolve_in(
    wanted: &[String],
    kinds: &[Kind],
    context: Option<&str>,
    state: Option<&str>,
    session: &Session<'_, '_>,
) -> Result<Vec<String>, Failure> {
    let names: BTreeSet<&str> = wanted
        .iter()
        .map(String::as_str)
        .filter(|text| kind_of_id(text).is_none())
        .collect();
    if names.is_empty() {
        return Ok(wanted.to_vec());
    }
    let named = context.is_some();
    let context = session.context(context)?;
    let mut found: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for kind in kinds {
        // A name is there once for each kind, so that not every page need be looked at.
        let mut missing = names.clone();
        let mut query = vec![("context", context.as_str())];
        query.extend(state.map(|state| ("state", state)));
        session.api.list(
            &format!("/{}", kind.list()),
            &query,
            None,
            &mut |document| {
                let item: Item = document.read()?;
                if let Some(name) = missing.take(item.name.as_str()) {
                    found.entry(name).or_default().push(item);
                }
                Ok(!missing.is_empty())
            },
        )?;
    }
    let missing: BTreeSet<&str> = names
        .into_iter()
        .filter(|name| !found.contains_key(name))
        .collect();
    if !named && !missing.is_empty() {
        // What is shared with somebody lies in none of their contexts.
        for item in shared_as(&missing, session)? {
            let kind = kind_of_id(&item.id);
            let name = missing.get(item.name.as_str()).copied();
            if let Some(name) = name.filter(|_| kind.is_some_and(|kind| kinds.contains(&kind))) {
                found.entry(name).or_default().push(item);
            }
        }
    }
    let (mut ids, mut guards, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    for text in wanted {
        match found.get(text.as_str()).map_or(&[][..], Vec::as_slice) {
            _ if kind_of_id(text).is_some() => ids.push(text.clone()),
            [item] => ids.push(item.id.clone()),
            [] => {
                exit = Exit::NotFound;
                guards.push(absent(text, kinds, &context, state));
            }
            several => {
                if exit == Exit::Done {
                    exit = Exit::Usage;
                }
                guards.push(ambiguous(text, several));
            }
        }
    }
    if guards.is_empty() {
        Ok(ids)
    } else {
        Err(Failure::of(exit, guards))
    }
}

/// The id of one run or project, and where the API lists its kind: `runs` or `projects`.
pub(super) fn one(
    name: &str,
    context: Option<&str>,
    session: &Session<'_, '_>,
) -> Result<(String, &'static str), Failure> {
    let kinds = [Kind::Run, Kind::Project];
    let ids = resolve(&[name.to_owned()], &kinds, context, session)?;
    let id = ids.into_iter().next().unwrap_or_default();
    let kind = if id.starts_with("prj_") {
        Kind::Project
    } else {
        Kind::Run
    };
    Ok((id, kind.list()))
}

/// The same of something that is shared with whoever is signed in.
pub(super) fn shared(
    name: &str,
    session: &Session<'_, '_>,
) -> Result<(String, &'static str), Failure> {
    let mut found: Vec<Item> = Vec::new();
    if kind_of_id(name).is_none() {
        found = shared_as(&BTreeSet::from([name]), session)?;
    }
    let id = match found.as_slice() {
        [] => name.to_owned(),
        [item] => item.id.clone(),
        several => return Err(Failure::of(Exit::Usage, vec![ambiguous(name, several)])),
    };
    match kind_of_id(&id) {
        Some(kind) => Ok((id, kind.list())),
        None => Err(Failure::of(
            Exit::NotFound,
            vec![reason(
                Exit::NotFound,
                format!(
                    "nothing that is shared with you is called \"{}\"",
                    shown(name)
                ),
                "handover shared lists what is",
            )],
        )),
    }
}

/// What is shared with whoever is signed in under these names, each item once.
fn shared_as(names: &BTreeSet<&str>, session: &Session<'_, '_>) -> Result<Vec<Item>, Failure> {
    let mut found: BTreeMap<String, Item> = BTreeMap::new();
    session
        .api
        .list("/shared-with-me", &[], None, &mut |document| {
            let shared: SharedItem = document.read()?;
            if names.contains(shared.item.name.as_str()) {
                found.insert(shared.item.id.clone(), shared.item);
            }
            Ok(true)
        })?;
    Ok(found.into_values().collect())
}

fn shown(text: &str) -> String {
    cut(&printable(text), 100)
}

fn absent(name: &str, kinds: &[Kind], context: &str, state: Option<&str>) -> Guard {
    let kind = match kinds {
        [kind] => kind.word(),
        _ => "run or project",
    };
    let (name, context) = (shown(name), shown(context));
    let (place, next) = match state {
        Some("trashed") => (
            format!("the trash of {context}"),
            "put it into the trash first with handover item trash, name its context with --context, or give its id",
        ),
        _ => (context, "name its context with --context, or give its id"),
    };
    let sentence = format!("no {kind} in {place} is called \"{name}\"");
    reason(Exit::NotFound, sentence, next)
}

fn ambiguous(name: &str, items: &[Item]) -> Guard {
    let each = |item: &Item| format!("the {} {}", item.kind, item.id);
    let all: Vec<String> = items.iter().map(each).collect();
    let sentence = format!("\"{}\" is {}", shown(name), shown(&all.join(" and ")));
    reason(
        Exit::Usage,
        sentence,
        "give the id of the one that is meant",
    )
}

/// These items, and after each run its projects that the same context owns.
pub(super) fn with_projects(
    ids: Vec<String>,
    session: &mut Session<'_, '_>,
) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    for id in ids {
        let projects = match kind_of_id(&id) {
            Some(Kind::Run) => {
                let page: ItemPage = session.api.get(path(&["runs", &id]))?.read()?;
                let (own, others): (Vec<_>, Vec<_>) = page
                    .related
                    .into_iter()
                    .partition(|project| project.owner == page.item.owner);
                for project in others {
                    session.note(format_args!(
                        "the project \"{}\" belongs to another context and is not offered with the run",
                        project.name
                    ))?;
                }
                own.into_iter().map(|project| project.id).collect()
            }
            _ => Vec::new(),
        };
        for id in std::iter::once(id).chain(projects) {
            if !all.contains(&id) {
                all.push(id);
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_name() {
        let cases = [
            ("run_06h5n8k1a7tq3v9c2m4d6f8g0h", Some(Kind::Run)),
            ("prj_06h5n8k1a7tq3v9c2m4d6f8g0h", Some(Kind::Project)),
            ("run_06h5n8k1a7tq3v9c2m4d6f8g0", None),
            ("20231108_LH00188_0028_B22F52TLT3", None),
            ("run_2026", None),
            ("Wetland soils", None),
        ];
        for (text, kind) in cases {
            assert_eq!(kind_of_id(text), kind, "{text}");
        }
    }
}
