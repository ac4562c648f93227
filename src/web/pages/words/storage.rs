//! How full a context is.

use crate::actors::queries::Own;
use crate::domain::said::Size;
use crate::web::language::say;

/// How full a context is: with `more`, what it would be after that many bytes came in. What is free afterwards is said where the
/// bytes are a hundredth of what is free, or more; else the figures would differ by nothing but how they are rounded.
pub fn storage(quota: Option<u64>, usage: u64, more: Option<u64>) -> String {
    let free = |used: u64, quota: u64| Size(quota.saturating_sub(used));
    match (quota, more.filter(|more| *more > 0)) {
        (Some(quota), Some(more)) => {
            let (now, all) = (free(usage, quota), Size(quota));
            let after = usage.saturating_add(more);
            if after > quota {
                say!("{now} of {all} free now, too little", now, all)
            } else if more >= now.0 / 100 {
                say!(
                    "{now} free of {all}; this takes {more}, {after} stay free",
                    now,
                    all,
                    more = Size(more),
                    after = free(after, quota)
                )
            } else {
                say!(
                    "{now} free of {all}; this takes {more}",
                    now,
                    all,
                    more = Size(more)
                )
            }
        }
        (Some(quota), None) => say!(
            "{now} of {all} free",
            now = free(usage, quota),
            all = Size(quota)
        ),
        (None, Some(more)) => say!(
            "no storage limit; holds {now}, this takes {more}",
            now = Size(usage),
            more = Size(more)
        ),
        (None, None) => say!("no storage limit; holds {now}", now = Size(usage)),
    }
}

/// How full a context is, as a bar and in words.
pub struct Storage {
    /// In bytes.
    pub used: u64,
    /// In bytes; none: no cap, and no bar.
    pub quota: Option<u64>,
    /// The same in words.
    pub words: String,
}

impl Storage {
    /// Of a context with this cap that holds so much.
    pub fn new(quota: Option<u64>, used: u64) -> Self {
        Self {
            used,
            quota,
            words: storage(quota, used, None),
        }
    }
    /// Of one's own context.
    pub fn of(own: &Own) -> Self {
        Self::new(own.quota, own.usage)
    }
    /// From here on the bar warns: nine tenths of the cap.
    pub fn high(&self) -> u64 {
        self.quota.map_or(0, |quota| quota / 10 * 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_says_what_is_free_before_and_after() {
        let tib = 1_u64 << 40;
        for (quota, usage, more, text) in [
            (Some(tib), 0, None, "1.00 TiB of 1.00 TiB free"),
            (
                Some(2 * tib),
                tib,
                Some(tib),
                "1.00 TiB free of 2.00 TiB; this takes 1.00 TiB, 0 B stay free",
            ),
            (
                Some(tib),
                0,
                Some(18_637),
                "1.00 TiB free of 1.00 TiB; this takes 18.2 KiB",
            ),
            (Some(tib), 0, Some(0), "1.00 TiB of 1.00 TiB free"),
            (
                Some(tib),
                tib,
                Some(1),
                "0 B of 1.00 TiB free now, too little",
            ),
            (
                None,
                tib,
                Some(tib),
                "no storage limit; holds 1.00 TiB, this takes 1.00 TiB",
            ),
        ] {
            assert_eq!(storage(quota, usage, more), text);
        }
    }
}
