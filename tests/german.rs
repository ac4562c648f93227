//! Pages in German: the catalogue holds what the pages say, neither more nor less, and every page opens in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/sentences.rs"]
mod sentences;
#[path = "support/website.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod website;

use std::collections::BTreeMap;
use std::path::Path;

use axum::http::{StatusCode, header};
use handover::web::catalogue::{Entry, entries};
use sentences::{Sentence, bare_words, in_rust, in_template, placeholders, read, tags};
use website::{Answer, Browser, Website};

const MARIA: &str = "maria@core.example";
const ANNA: &str = "anna@uni.example";
const GERMAN: &str = include_str!("../templates/pages/de.po");

/// Every sentence that is said in a source or a template, with the file that says it first.
fn said() -> BTreeMap<Sentence, String> {
    let mut said = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, text) in read(&root.join("src"), "rs") {
        for sentence in in_rust(&text) {
            said.entry(sentence).or_insert_with(|| path.clone());
        }
    }
    for (path, text) in read(&root.join("templates/pages"), "html") {
        for sentence in in_template(&text) {
            said.entry(sentence).or_insert_with(|| path.clone());
        }
    }
    assert!(said.len() > 200, "{} were found", said.len());
    said
}

fn sentence(entry: &Entry) -> Sentence {
    Sentence {
        one: entry.one.clone(),
        many: entry.many.clone(),
        context: entry.context.clone(),
    }
}

#[test]
fn the_catalogue_holds_what_the_pages_say_and_nothing_else() {
    let said = said();
    let mut known: BTreeMap<Sentence, Entry> = entries(GERMAN)
        .unwrap()
        .into_iter()
        .map(|entry| (sentence(&entry), entry))
        .collect();
    let mut missing = String::new();
    for (sentence, path) in &said {
        if known.remove(sentence).is_none() {
            missing.push_str(&format!("#: {path}\n{}\n", sentence.as_entry()));
        }
    }
    let over: Vec<String> = known
        .values()
        .map(|entry| format!("line {}: {}", entry.line, entry.one))
        .collect();
    assert!(
        missing.is_empty() && over.is_empty(),
        "\nto be translated in templates/pages/de.po:\n\n{missing}\nsaid nowhere any more:\n{}",
        over.join("\n")
    );
}

/// What is wrong with a translation, if anything is.
fn wrong(english: &str, german: &str, facts: &str) -> Option<&'static str> {
    let ends = |text: &str| text.chars().last().filter(|c| ".:;?!…".contains(*c));
    let outer = |text: &str| text.len() - text.trim().len();
    if placeholders(german) != placeholders(facts) {
        Some("it tells other facts")
    } else if tags(german) != tags(english) {
        Some("it has other tags")
    } else if ends(german) != ends(english) || outer(german) != outer(english) {
        Some("it ends otherwise")
    } else {
        None
    }
}

#[test]
fn a_translation_tells_the_same_facts_with_the_same_tags() {
    for (english, german, what) in [
        ("a {b}", "{b} x", None),
        ("a {b}", "{c} x", Some("it tells other facts")),
        ("a <b>c</b>", "<b>d</b>", None),
        ("a <b>c</b>", "<i>d</i>", Some("it has other tags")),
        ("a.", "b", Some("it ends otherwise")),
        ("a ", "b", Some("it ends otherwise")),
    ] {
        assert_eq!(wrong(english, german, english), what, "{english} {german}");
    }
    let mut told = Vec::new();
    for entry in entries(GERMAN).unwrap() {
        let forms = [Some(&entry.one), entry.many.as_ref()];
        for (english, german) in forms.into_iter().flatten().zip(&entry.says) {
            // Of one, the number may be a word: "one try is left".
            let facts = match english == &entry.one && entry.many.is_some() {
                true if placeholders(german).contains("n") => format!("{english} {{n}}"),
                true => english.replace("{n}", ""),
                false => english.clone(),
            };
            if let Some(what) = wrong(english, german, &facts) {
                told.push(format!("line {}: {what}: {german}", entry.line));
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn no_template_says_anything_past_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages");
    let mut told = Vec::new();
    for (path, text) in read(&root, "html") {
        let name = path.rsplit_once("templates/pages/").unwrap().1;
        let bare = bare_words(&text);
        if !bare.is_empty() {
            told.push(format!("{name} says {bare:?}"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// The page without what is another in every build, and the numbers of its forms.
fn steady(answer: &Answer) -> String {
    let mut body = answer.body.clone();
    for (start, end) in [
        ("/assets/handover-", "\""),
        ("name=\"form\" value=\"", "\""),
        ("name=\"once\" value=\"", "\""),
    ] {
        let mut steady = String::new();
        let mut rest = body.as_str();
        while let Some((before, after)) = rest.split_once(start) {
            let (_, after) = after.split_once(end).unwrap();
            steady.push_str(&format!("{before}{start}…{end}"));
            rest = after;
        }
        steady.push_str(rest);
        body = steady;
    }
    body
}

#[tokio::test]
async fn somebody_who_reads_german_signs_in_and_accepts() {
    let web = Website::open().await;
    let maria = web.account(MARIA).await;
    web.account(ANNA).await;
    web.workgroup("TechSupport", None, &[ANNA, "lead@uni.example"])
        .await;
    let items = web.run(maria, "260731_A01234", &["Exomes July"]).await;
    let message = Some("Your July data.");
    let offer = web.offer(maria, &items, ANNA, message).await;
    let mut anna = Browser::german();
    let page = web.get(&mut anna, "/sign-in").await;
    insta::assert_snapshot!("sign-in", steady(&page));
    let wrong = web.post(&mut anna, "/sign-in", &[("address", "x")]).await;
    assert!(
        wrong
            .body
            .contains("„x“ ist keine E-Mail-Adresse; schreiben Sie sie wie name@lab.example."),
        "{}",
        wrong.body
    );
    web.post(&mut anna, "/sign-in", &[("address", ANNA)]).await;
    let page = web.get(&mut anna, "/sign-in/code").await;
    insta::assert_snapshot!("code", steady(&page));
    let code = web.code_for(&anna);
    web.post(&mut anna, "/sign-in/code", &[("code", &code)])
        .await;
    // The account's language, not the browser's.
    let place = format!("/transfers/{offer}");
    let page = web.get(&mut anna, &place).await;
    assert!(page.body.contains("<html lang=\"en\">"), "{}", page.body);
    web.reads(ANNA, "de").await;
    let page = web.get(&mut anna, &place).await;
    insta::assert_snapshot!("offer", steady(&page));
    // What was refused far from the page is said in its language too.
    let fields = [("context", "personal"), ("days", "x")];
    let path = format!("{place}/extend");
    let refused = web.submit(&mut anna, &page, &path, &fields).await;
    assert!(
        refused.body.contains("„x“ ist keine Zahl von Tagen;"),
        "{}",
        refused.body
    );
    let path = format!("{place}/cancel");
    let refused = web.submit(&mut anna, &page, &path, &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused
            .body
            .contains("nur der Absender (maria@core.example) darf es zurücknehmen"),
        "{}",
        refused.body
    );
    let path = format!("{place}/accept");
    let accepted = web.submit(&mut anna, &page, &path, &fields).await;
    assert_eq!(accepted.location(), format!("{place}/receipt"));
    let page = web.get(&mut anna, accepted.location()).await;
    insta::assert_snapshot!("receipt", steady(&page));
    let late = web.get(&mut anna, &place).await;
    assert!(
        late.body
            .contains("Dieses Angebot wurde am 1. August 2026, 09:00 UTC in „"),
        "{}",
        late.body
    );
    assert_eq!(late.headers[header::CONTENT_LANGUAGE], "de");
}

#[tokio::test]
async fn a_newcomer_is_written_to_and_registered_in_the_language_of_the_page() {
    let web = Website::open().await;
    let mut anna = Browser::german();
    web.post(&mut anna, "/sign-in", &[("address", ANNA)]).await;
    let view = web.kept();
    let letters = web.letters(&view);
    assert_eq!(letters.last().unwrap().language, "de");
    let code = web.code_for(&anna);
    web.post(&mut anna, "/sign-in/code", &[("code", &code)])
        .await;
    anna.languages = None;
    let page = web.get(&mut anna, "/").await;
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
    // An account that there is keeps its own.
    let mut again = Browser::default();
    web.post(&mut again, "/sign-in", &[("address", ANNA)]).await;
    let code = web.code_for(&again);
    web.post(&mut again, "/sign-in/code", &[("code", &code)])
        .await;
    let page = web.get(&mut again, "/").await;
    assert!(page.body.contains("<html lang=\"de\">"), "{}", page.body);
}

#[tokio::test]
async fn what_a_program_is_told_stays_english() {
    let web = Website::open().await;
    let anna = Browser::german();
    let mut asked = axum::http::Request::get("/api/v1/account");
    if let Some(languages) = anna.languages {
        asked = asked.header(header::ACCEPT_LANGUAGE, languages);
    }
    let answer = web.send(asked.body("".into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(
        answer.body.contains("nobody is signed in"),
        "{}",
        answer.body
    );
}
