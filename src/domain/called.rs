//! What a reply calls the contexts of whoever answers (MAIL §5, check 12): letters write it so, and replies are read so.

use std::collections::BTreeMap;

use super::id::Context;
use super::item::folded_name;

/// What a reply calls one's own space. It means nothing else, whatever a workgroup is called.
pub const PERSONAL: &str = "Personal";

/// What pages in German call it; where a workgroup is called so too, it means neither.
const PERSONAL_IN_GERMAN: &str = "Persönlich";

/// A context with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Which.
    pub context: Context,
    /// What people call it.
    pub name: String,
    /// A workgroup's handle; `None` for one's own space.
    pub handle: Option<String>,
}

/// The contexts of one person, by what a reply may call them.
#[derive(Debug, Clone)]
pub struct Called {
    all: Vec<Named>,
    /// By folded words; none where several are called so.
    words: BTreeMap<String, Option<Context>>,
}

impl Called {
    /// Of all contexts that could be meant.
    pub fn of(all: Vec<Named>) -> Self {
        let mut words = BTreeMap::new();
        for named in &all {
            let called = match &named.handle {
                None => vec![folded_name(PERSONAL), folded_name(PERSONAL_IN_GERMAN)],
                Some(handle) => vec![folded_name(handle), folded_name(&named.name)],
            };
            for word in called {
                let meant = words.entry(word).or_insert(Some(named.context));
                if *meant != Some(named.context) {
                    *meant = None;
                }
            }
        }
        for named in all.iter().filter(|named| named.handle.is_none()) {
            words.insert(folded_name(PERSONAL), Some(named.context));
        }
        Self { all, words }
    }

    /// The one context that is called so; never a guess.
    pub fn meant(&self, said: &str) -> Option<Context> {
        self.words.get(&folded_name(said)).copied().flatten()
    }

    /// How each is written, so that no other is meant: by its name, or by its handle where others have that name or a reply could not
    /// say it. What another is called too in both ways is left out.
    pub fn written(&self) -> Vec<(Context, String)> {
        let written = |named: &Named| {
            let ways = match &named.handle {
                None => vec![PERSONAL.to_owned()],
                Some(handle) => vec![named.name.clone(), handle.clone()],
            };
            let mut right = ways
                .into_iter()
                .filter(|way| is_plain(way) && self.meant(way) == Some(named.context));
            right.next().map(|way| (named.context, way))
        };
        self.all.iter().filter_map(written).collect()
    }
}

/// Whether a person can copy it, and a program between them and us leaves it as it is.
fn is_plain(name: &str) -> bool {
    let same = name.split(' ').all(|word| !word.is_empty());
    same && name
        .chars()
        .all(|c| c == ' ' || (c.is_alphanumeric() && !is_blank(c)) || "-_.&+".contains(c))
}

/// Letters by their class, and shown as nothing.
const fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AccountId, WorkgroupId};

    const OWN: Context = Context::Personal(AccountId::from_bits(9));

    fn workgroup(n: usize) -> Context {
        Context::Workgroup(WorkgroupId::from_bits(n as u128))
    }

    fn called(workgroups: &[(&str, &str)]) -> Called {
        let own = Named {
            context: OWN,
            name: "Carl (Personal)".into(),
            handle: None,
        };
        let groups = workgroups.iter().enumerate();
        let groups = groups.map(|(n, (name, handle))| Named {
            context: workgroup(n),
            name: (*name).into(),
            handle: Some((*handle).into()),
        });
        Called::of(std::iter::once(own).chain(groups).collect())
    }

    #[test]
    fn a_context_is_written_so_that_no_other_can_be_meant() {
        let check = |workgroups: &[(&str, &str)], then: &[&str]| {
            let called = called(workgroups);
            let written = called.written();
            for (context, word) in &written {
                assert_eq!(called.meant(word), Some(*context), "{word}");
            }
            let words: Vec<&str> = written.iter().map(|(_, word)| word.as_str()).collect();
            assert_eq!(words, then);
        };
        check(&[], &["Personal"]);
        check(&[("Yeast pool", "yeast")], &["Personal", "Yeast pool"]);
        check(&[("yeast", "yeast")], &["Personal", "yeast"]);
        check(
            &[("Lab", "lab-a"), ("LAB", "lab-b")],
            &["Personal", "lab-a", "lab-b"],
        );
        check(
            &[("Personal", "mine"), ("one", "two"), ("two", "three")],
            &["Personal", "mine", "one", "three"],
        );
        // Other characters that are the same when they are compared.
        check(
            &[("Ｌａｂ", "lab-a"), ("lab", "lab-b")],
            &["Personal", "lab-a", "lab-b"],
        );
        // What cannot be copied, or is shown otherwise.
        check(
            &[
                ("a\r\nBcc: x", "odd"),
                ("\u{202e}x", "odder"),
                ("a\u{3164}b", "blank"),
                ("\"a\"", "marks"),
                ("a  b", "spaces"),
            ],
            &["Personal", "odd", "odder", "blank", "marks", "spaces"],
        );
        // Nothing names the first alone.
        check(
            &[("b", "a"), ("a", "c"), ("B", "d")],
            &["Personal", "c", "d"],
        );
    }

    #[test]
    fn a_reply_means_the_one_context_that_is_called_so() {
        let all = called(&[
            ("Tech Support", "tech"),
            ("Lab", "lab-a"),
            ("LAB", "lab-b"),
            ("Personal", "mine"),
        ]);
        for (said, meant) in [
            ("personal", Some(OWN)),
            ("PERSONAL", Some(OWN)),
            ("persönlich", Some(OWN)),
            ("mine", Some(workgroup(3))),
            ("tech", Some(workgroup(0))),
            ("tech\u{a0} SUPPORT", Some(workgroup(0))),
            ("Ｔｅｃｈ Support", Some(workgroup(0))),
            ("lab", None),
            ("lab-b", Some(workgroup(2))),
            ("tec", None),
            ("my apologies", None),
            ("Carl (Personal)", None),
            ("", None),
        ] {
            assert_eq!(all.meant(said), meant, "{said}");
        }
        let called_so = called(&[("Persönlich", "mine")]);
        assert_eq!(called_so.meant("Persönlich"), None, "never a guess");
    }
}
