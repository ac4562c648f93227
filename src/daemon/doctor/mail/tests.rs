use super::*;

fn said(found: Found) -> (bool, String) {
    match found {
        Good(sentence) => (true, sentence),
        Bad(sentence) => (false, sentence),
    }
}

fn check(found: Found, good: bool, then: &str) {
    let (found, sentence) = said(found);
    assert_eq!(found, good, "{sentence}");
    assert!(sentence.contains(then), "{sentence}; expected {then}");
}

fn exchange(preference: u16, host: &str, addresses: usize) -> Exchange {
    Exchange {
        preference,
        host: host.to_owned(),
        addresses,
    }
}

#[test]
fn answers_need_a_server_that_takes_them() {
    let to = |exchanges| answers_arrive("reply.uni.example", Ok(exchanges));
    check(to(vec![]), false, "has no MX record");
    check(to(vec![exchange(0, "", 0)]), false, "takes no mail");
    check(
        to(vec![
            exchange(10, "mx1.uni.example", 1),
            exchange(20, "mx2.uni.example", 0),
        ]),
        false,
        "mx2.uni.example, which has no address",
    );
    check(
        to(vec![exchange(10, "mx1.uni.example", 2)]),
        true,
        "mail for reply.uni.example goes to mx1.uni.example",
    );
    let unknown = answers_arrive("reply.uni.example", Err("the DNS answers SERVFAIL".into()));
    check(unknown, false, "SERVFAIL");
}

#[test]
fn one_spf_record_names_who_sends() {
    let with = |texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        senders_are_named("reply.uni.example", Ok(texts))
    };
    check(with(&[]), false, "has no SPF record");
    check(
        with(&["google-site-verification=x", "v=spf10 -all"]),
        false,
        "has no SPF record",
    );
    check(
        with(&["v=spf1 mx -all", "v=spf1 a -all"]),
        false,
        "has 2 SPF records",
    );
    check(with(&["v=spf1 +all"]), false, "lets everybody send");
    check(with(&["v=spf1 a all"]), false, "lets everybody send");
    check(
        with(&["other", "V=SPF1 mx -all"]),
        true,
        "\"V=SPF1 mx -all\"",
    );
    check(with(&["v=spf1"]), true, "see that it names");
}

#[test]
fn one_dmarc_policy_says_what_becomes_of_forged_letters() {
    let with = |texts: &[&str]| {
        let name = "_dmarc.uni.example".to_owned();
        let policies = texts.iter().map(|text| (name.clone(), (*text).to_owned()));
        forgers_are_refused("uni.example", Ok(policies.collect()))
    };
    check(with(&[]), false, "_dmarc.uni.example");
    check(with(&["v=DMARC1; p=none"]), true, "p=quarantine");
    check(
        with(&["v=DMARC1;p=reject; rua=mailto:d@uni.example"]),
        true,
        "p=reject",
    );
    check(
        with(&["v=DMARC1; rua=mailto:d@uni.example"]),
        false,
        "has no policy",
    );
    check(
        with(&["v=DMARC1; p=none", "v=DMARC1; p=reject"]),
        false,
        "2 DMARC policies",
    );
    for (text, is) in [
        ("v=DMARC1; p=none", true),
        ("v = DMARC1 ;p=none", true),
        ("p=none; v=DMARC1", false),
        ("v=DMARC2; p=none", false),
        ("v=spf1 -all", false),
    ] {
        assert_eq!(is_of_version(text, "DMARC1"), is, "{text}");
    }
}

#[test]
fn a_signature_needs_its_key() {
    let with = |texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        key_is_there("s1._domainkey.uni.example", Ok(texts))
    };
    check(with(&[]), false, "holds no key");
    check(with(&["v=DKIM1; k=rsa"]), false, "holds no key");
    check(with(&["v=DKIM1; p="]), false, "was taken back");
    check(with(&["v=DKIM1; k=ed25519; p=MCow"]), true, "holds a key");
}

#[test]
fn names_that_the_world_does_not_know_are_not_asked_for() {
    for (domain, asked) in [
        ("reply.site.test", false),
        ("localhost", false),
        ("127.0.0.1", false),
        ("::1", false),
        ("reply.uni.example", false),
        ("testing.org", true),
        ("test.org", true),
    ] {
        assert_eq!(unasked(domain).is_none(), asked, "{domain}");
    }
}
