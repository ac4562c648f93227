//! Whatever a letter says to answer is understood when it comes back.

use super::*;
use crate::mail::inbound::grammar::{self, Answer as Said};

/// What the bodies of a letter's buttons are, as a mail program has them.
fn buttons(html: &str) -> Vec<String> {
    let bodies = html.split("body=").skip(1);
    let bodies = bodies.map(|rest| rest.split('"').next().unwrap());
    bodies
        .map(|body| {
            let mut bytes = Vec::new();
            let mut rest = body.bytes();
            while let Some(byte) = rest.next() {
                if byte == b'%' {
                    let two = [rest.next().unwrap(), rest.next().unwrap()];
                    let two = std::str::from_utf8(&two).unwrap();
                    bytes.push(u8::from_str_radix(two, 16).unwrap());
                } else {
                    bytes.push(byte);
                }
            }
            String::from_utf8(bytes).unwrap()
        })
        .collect()
}

/// The lines that a letter gives as examples, without what is noted beside them.
fn examples(text: &str, language: Language) -> Vec<String> {
    let verbs = [language.accept(), language.decline()];
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let lines = lines.filter(|line| verbs.iter().any(|verb| line.starts_with(verb)));
    lines
        .map(|line| line.split("  ").next().unwrap().to_owned())
        .collect()
}

fn understood(lines: &[String]) -> Vec<Said> {
    lines
        .iter()
        .map(|line| {
            grammar::deciding_line(line).map_or(Said::Neither, |line| grammar::answer(&line))
        })
        .collect()
}

#[test]
fn what_buttons_and_examples_say_is_understood_in_every_language() {
    let accept = |context: Option<&str>| Said::Accept {
        context: context.map(str::to_owned),
    };
    let decline = Said::Decline { reason: None };
    let names = ["AG Müller", "Personal", "R&D +1_a.b", "o-o"];
    for language in Language::ALL {
        for (by_mail, said, shown) in [
            (
                ByMail::Into(names.map(str::to_owned).to_vec()),
                names.map(|name| accept(Some(name))).to_vec(),
                [accept(None), accept(Some("Personal"))],
            ),
            (
                ByMail::Plainly,
                vec![accept(None)],
                [accept(None), decline.clone()],
            ),
        ] {
            let asking = [
                offer(),
                letter(Kind::Answer {
                    message: None,
                    says: Answer::NotUnderstood,
                }),
            ];
            for mut letter in asking {
                letter.language = language.tag().to_owned();
                letter.by_mail = by_mail.clone();
                let rendered = written(&letter, &transfer());
                let mut expected = said.clone();
                expected.push(decline.clone());
                assert_eq!(understood(&buttons(&rendered.html)), expected);
                let shows = understood(&examples(&rendered.text, language));
                assert_eq!(shows[..2], shown, "{}", rendered.text);
                let reason = matches!(&shows[2..], [Said::Decline { reason: Some(_) }]);
                assert!(reason, "{shows:?}");
            }
        }
    }
}
