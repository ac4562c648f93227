//! What must hold whatever comes in by mail (`fuzz/src/lib.rs`), over the kept seeds and what is made of them here, without cargo-fuzz.
//!
//! Each input is drawn from one number, so a failure can be repeated: `HANDOVER_FUZZ_FIRST`, `HANDOVER_FUZZ_MINUTES` for each target.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use handover::clock::{Clock as _, System};

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// Inputs made for each target, unless it is told how long.
const FEW: u64 = 500;
/// Longest input that is made.
const LONGEST: usize = 16 * 1024;

/// What parsers stumble over.
const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\r\n\r\n",
    b"\r\n.\r\n",
    b"\r\n ",
    b" ",
    b"\t",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"<",
    b">",
    b";",
    b"=",
    b":",
    b",",
    b"@",
    b".",
    b"--b",
    b"--b--",
    b"From: ",
    b"accept",
    b"decline",
    b"annehmen",
    b"Authentication-Results: ",
    b"mx.site.example",
    b"dmarc=pass",
    b"dkim=pass header.d=lab.example",
    b"header.from=",
    b"lab.example",
    b"Content-Type: text/html\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Auto-Submitted: ",
    b"Action: failed\r\n",
    b"LHLO x\r\n",
    b"MAIL FROM:<>\r\n",
    b"RCPT TO:<r-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@reply.site.example>\r\n",
    b"RCPT TO:<p-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@reply.site.example>\r\n",
    b"p-",
    b"DATA\r\n",
    b"RSET\r\n",
    b"%{t}",
    b"<!--",
    b"<style>",
    b"</style>",
    b"<div hidden>",
    b"&#65;",
    b"=?utf-8?q?",
    "\u{a0}".as_bytes(),
    "\u{202e}".as_bytes(),
    "ﷺ".as_bytes(),
    b"\xff",
    b"\xc3",
];

/// SplitMix64: small, and the same everywhere.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
    fn one<'a>(&mut self, of: &'a [impl AsRef<[u8]>]) -> &'a [u8] {
        of[self.below(of.len())].as_ref()
    }
}

fn input(seed: u64, kept: &[Vec<u8>]) -> Vec<u8> {
    let mut draw = Draw(seed);
    let mut input = draw.one(kept).to_vec();
    for _ in 0..=draw.below(8) {
        let at = draw.below(input.len() + 1);
        let to = (at + 1 + draw.below(32)).min(input.len());
        match draw.below(7) {
            0 if at < input.len() => input[at] ^= 1 << draw.below(8),
            1 if at < to => drop(input.drain(at..to)),
            2 if at < to => {
                let twice = input[at..to].to_vec();
                input.splice(at..at, twice);
            }
            3 => {
                let other = draw.one(kept);
                let from = draw.below(other.len() + 1);
                let end = (from + draw.below(200)).min(other.len());
                input.splice(at..at, other[from..end].iter().copied());
            }
            4 => input = draw.one(kept)[..].repeat(1 + draw.below(20)),
            _ => {
                let word = draw.one(WORDS);
                input.splice(at..at, word.iter().copied());
            }
        }
    }
    input.truncate(LONGEST);
    input
}

fn check(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let kept: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(kept.len() >= 5);
    for seed in &kept {
        target(seed);
    }
    let number = |name: &str| option_from(name).map(|text| text.parse::<u64>().expect("a number"));
    let first = number("HANDOVER_FUZZ_FIRST").unwrap_or(0);
    let minutes = number("HANDOVER_FUZZ_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let clock = System::new();
    let mut slowest = Duration::ZERO;
    for seed in first.. {
        let begun = clock.elapsed();
        match minutes {
            Some(minutes) if begun >= minutes => {
                eprintln!("{name}: seeds {first} to {seed}, the slowest took {slowest:?}");
                break;
            }
            None if seed - first >= FEW => break,
            _ => {}
        }
        let input = input(seed, &kept);
        let held = catch_unwind(AssertUnwindSafe(|| target(&input)));
        slowest = slowest.max(clock.elapsed() - begun);
        assert!(
            held.is_ok(),
            "{name} fails for seed {seed}: {:?}",
            String::from_utf8_lossy(&input)
        );
    }
    assert!(
        slowest < Duration::from_secs(5),
        "{name}: the slowest took {slowest:?}"
    );
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long to go on is asked for by hand"
)]
fn option_from(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

macro_rules! holds_for_any_bytes {
    ($($target:ident),+) => { $(
        #[test]
        fn $target() {
            check(stringify!($target), targets::$target);
        }
    )+ };
}
holds_for_any_bytes!(address, answer, authentication, examine, report, session);

/// Everything is read once, or a message of a megabyte would keep a session, and a core, for minutes.
#[test]
fn no_large_message_takes_long() {
    const LARGE: usize = 256 * 1024;
    let clock = System::new();
    let beginnings: &[&[u8]] = &[
        b"",
        b"From: anna@lab.example\r\n\r\n",
        b"From: anna@lab.example\r\nContent-Type: text/html\r\n\r\n<p>",
        b"From: anna@lab.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"From: anna@lab.example\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        b"From: anna@lab.example\r\nAuthentication-Results: mx.site.example; ",
        b"From: ",
        b"Content-Type: ",
    ];
    for beginning in beginnings {
        for word in WORDS {
            let message = [&b"\0"[..], beginning, &word.repeat(LARGE / word.len())].concat();
            let begun = clock.elapsed();
            targets::examine(&message);
            targets::report(&message);
            let took = clock.elapsed() - begun;
            let shown = String::from_utf8_lossy(&message[..message.len().min(200)]);
            assert!(took < Duration::from_secs(5), "{shown:?} took {took:?}");
        }
    }
}
