use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::schema::{DOMAIN_KEYS, KEYS, PROVIDER_KEYS, SECTIONS, WORKGROUP_KEYS};
use super::*;

const FILE: &str = "handover.toml";

fn parse(text: &str) -> Result<Config, Problems> {
    Config::parse(text, FILE)
}

/// A configuration of a site that people reach, with something of everything.
const SITE: &str = r#"
[site]
name = "Handover at Uni Example"
public_url = "https://handover.uni.example"

[server]
listen = "0.0.0.0:8080"
trusted_proxies = ["10.0.0.0/8", "::1"]
max_request_size = "1.5MiB"

[logging]
level = "debug"
format = "json"

[mail]
from = "handover@uni.example"
from_name = "Sequencing \"core\""
reply_domain = "reply.uni.example"
transport = "smtp"

[mail.smtp]
host = "mail.uni.example"
port = 587
security = "starttls"
username = "handover"
password_file = "/etc/handover/smtp.password"

[reply]
listen = "unix:/run/handover/lmtp.sock"
addresses = "handover+%{t}@uni.example"
mode = "act"
authserv_id = "mx.uni.example"
keep = "512MiB"

[sign_in]
registration = "listed"
listed_domains = ["uni.example", "lab.example"]

[[sign_in.provider]]
handle = "uni"
name = "Uni Example"
issuer = "https://login.uni.example/realms/staff"
client_id = "handover"
client_secret_file = "/etc/handover/uni.secret"
trust_verified_email = true
suffixes = ["uni.example"]

[quota]
professional = "20TB"

[[domain]]
name = "uni"
suffixes = ["uni.example"]
administrators = ["dean@uni.example"]

[[domain]]
name = "bio"
suffixes = ["bio.uni.example"]
quota = "50TB"
replies = "confirm-only"
reply_verbs = ["decline"]

[[workgroup]]
handle = "core"
name = "Core facility"
tier = "enterprise"
domain = "uni"
collaborative = true
owner = "anna@uni.example"
administrators = ["ben@uni.example"]
members = ["guest@lab.example"]
quota = "none"

[[workgroup]]
handle = "techsupport"
owner = "eve@lab.example"
"#;

/// Keeps a generated file of the repository equal to what the schema says.
fn must_hold(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, text).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == text,
        "{path} is out of date; run UPDATE_GENERATED=1 cargo test --lib config:: and look at the difference"
    );
}

#[test]
fn the_default_file_shows_every_key_with_its_default_and_why() {
    must_hold("config/handover.toml", &template());
}

#[test]
fn the_reference_in_the_documentation_is_the_schemas() {
    must_hold("docs/configuration.md", &reference());
}

#[test]
fn the_default_file_means_the_defaults() {
    assert_eq!(parse(Config::embedded()), Ok(Config::default()));
    assert_eq!(parse(""), Ok(Config::default()));
}

#[test]
fn every_key_of_the_schema_stands_in_its_section_of_the_default_file() {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in Config::embedded()
        .lines()
        .map(|line| line.strip_prefix('#').unwrap_or(line))
    {
        if let Some(title) = line.strip_prefix('[') {
            section = title.trim_matches(['[', ']']).to_owned();
        } else if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
            found.push(format!("{section}.{name}"));
        }
    }
    let known = KEYS.iter().map(|key| key.path());
    let of = |list: &'static str| move |name: &str| format!("{list}.{name}");
    let known = known
        .chain(
            PROVIDER_KEYS
                .iter()
                .map(|key| of("sign_in.provider")(key.name)),
        )
        .chain(DOMAIN_KEYS.iter().map(|key| of("domain")(key.name)))
        .chain(WORKGROUP_KEYS.iter().map(|key| of("workgroup")(key.name)));
    assert_eq!(found, known.collect::<Vec<_>>());
}

#[test]
fn the_examples_in_the_default_file_can_be_switched_on() {
    let on: Vec<&str> = Config::embedded()
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
                .unwrap_or(line)
        })
        .collect();
    let config = parse(&on.join("\n")).unwrap();
    assert_eq!((config.domains.len(), config.workgroups.len()), (1, 1));
    assert_eq!(config.sign_in.providers.len(), 1);
    assert_eq!(config.mail.smtp.username.as_deref(), Some("handover"));
}

#[test]
fn every_key_has_a_known_section_a_meaning_and_an_example_where_it_has_no_default() {
    for key in KEYS {
        assert!(
            SECTIONS.iter().any(|(section, _)| *section == key.section),
            "{}",
            key.path()
        );
        assert!(key.meaning.ends_with('.'), "{}", key.path());
        assert!(
            (key.write)(&Config::default()).is_some() || key.example.is_some(),
            "{}",
            key.path()
        );
    }
}

#[test]
fn what_is_shown_is_what_was_meant() {
    for text in ["", SITE, Config::embedded()] {
        let config = parse(text).unwrap();
        assert_eq!(parse(&show(&config)), Ok(config));
    }
    insta::assert_snapshot!("shown_default", show(&Config::default()));
    insta::assert_snapshot!("shown_site", show(&parse(SITE).unwrap()));
}

#[test]
fn a_configuration_saved_by_a_windows_editor_is_read_with_the_same_lines() {
    let text = format!("\u{feff}{}", SITE.replace('\n', "\r\n"));
    assert_eq!(parse(&text), parse(SITE));
    let wrong = parse("\u{feff}[site]\r\n\r\nnam = \"x\"\r\n").unwrap_err();
    assert_eq!(
        wrong.iter().map(|problem| problem.line).collect::<Vec<_>>(),
        [Some(3)]
    );
}

#[test]
fn relative_paths_start_from_the_folder_of_the_file() {
    let config = Config::parse(
        "[store]\npath = \"data/h.redb\"\n[secrets]\nkey_file = \"/etc/h.key\"",
        "/srv/handover/handover.toml",
    )
    .unwrap();
    assert_eq!(config.store.path, Path::new("/srv/handover/data/h.redb"));
    assert_eq!(config.secrets.key_file, Path::new("/etc/h.key"));
    let silent = Config::parse("", "/srv/handover/handover.toml").unwrap();
    assert_eq!(silent.store.path, Path::new("/srv/handover/handover.redb"));
    assert_eq!(
        silent.secrets.key_file,
        Path::new("/srv/handover/handover.key"),
        "a default starts there too"
    );
}

#[test]
fn every_problem_is_reported_with_its_line_and_the_next_step() {
    let cases: &[(&str, &str)] = &[
        (
            "unknown keys and sections",
            "[sever]\nlisten = 1\n[server]\nlisten_on = \"x\"\nlissten = \"x\"\nmax_items = 3\ncolour = \"red\"\n[mail.smpt]\nhost = \"x\"\n",
        ),
        (
            "keys at the top",
            "listen = \"127.0.0.1:1\"\nname = \"x\"\nfrom = \"a@b.example\"\nworkgroups = []\nelephant = 1\n",
        ),
        (
            "wrong types",
            "[site]\nname = 7\nlanguage = true\n[server]\nlisten = 8080\nmax_concurrent_requests = \"many\"\nrequest_timeout = 30\nmax_request_size = 4.5\ntrusted_proxies = \"10.0.0.1\"\n[store]\npath = []\ncache = 1979-05-27\n[mail]\nsmtp = 3\n[quota]\nbasic = 5\n[limits]\nresend_after = { days = 3 }\n",
        ),
        (
            "values out of range",
            "[server]\nmax_concurrent_requests = 0\nrequest_timeout = \"0s\"\nmax_request_size = \"1GiB\"\n[store]\ncache = \"0B\"\nmax_waiting_commits = -5\n[mail.smtp]\nport = 70000\nconnections = 99999999999999999999999999999999999999999\n[sign_in]\ncode_tries = 21\ncode_lifetime = \"1ms\"\n[transfers]\ndefault_expiry = \"91d\"\nmax_items = 251\n[limits]\nopen_offers_per_recipient = 0\n[quota]\nbasic = \"0TB\"\n",
        ),
        (
            "unreadable values",
            "[site]\nname = \" \"\npublic_url = \"handover.example\"\nterms = \"a\\nb\"\n[server]\nlisten = \"localhost:8080\"\nmetrics_listen = \"127.0.0.1\"\nrequest_timeout = \"-5m\"\nmax_request_size = \"4 megs\"\ntrusted_proxies = [\"10.0.0.0/8\", \"10.0.0.0/40\", 5]\n[mail]\nfrom = \"Handover <h@b.example>\"\nreply_domain = \"ümlaut.example\"\ntransport = \"smpt\"\n[mail.smtp]\nsecurity = \"ssl\"\nusername = \"\"\n[secrets]\nkey_file = \"\"\n[logging]\nlevel = \"verbose\"\nformat = \"JSON\"\n",
        ),
        (
            "a password is not repeated",
            "[mail.smtp]\npassword = \"hunter2\"\n[site]\npublic_url = \"https://admin:hunter2@handover.example\"\n",
        ),
        ("an open door", "[server]\nlisten = \"0.0.0.0:9090\"\n"),
        (
            "a public site in development dress",
            "[site]\npublic_url = \"http://handover.uni.example\"\n",
        ),
        (
            "a proxy in front of the mailbox",
            "[site]\npublic_url = \"https://handover.uni.example\"\n[mail]\nfrom = \"h@uni.example\"\nreply_domain = \"reply.uni.example\"\n",
        ),
        (
            "letters in clear",
            "[mail]\ntransport = \"smtp\"\n[mail.smtp]\nhost = \"mail.uni.example\"\nusername = \"handover\"\n",
        ),
        (
            "a password without a name",
            "[mail.smtp]\npassword_file = \"p\"\n",
        ),
        (
            "nobody may register",
            "[sign_in]\nregistration = \"listed\"\n",
        ),
        (
            "replies of strangers",
            "[reply]\nlisten = \"0.0.0.0:24\"\nmode = \"act\"\n",
        ),
        (
            "replies that go astray",
            "[site]\npublic_url = \"https://handover.uni.example\"\n[mail]\nfrom = \"h@uni.example\"\nreply_domain = \"uni.example\"\ntransport = \"smtp\"\n[reply]\nlisten = \"unix:lmtp\"\n[[domain]]\nname = \"uni\"\nsuffixes = [\"uni.example\"]\n",
        ),
        (
            "replies that cannot be read",
            "[reply]\nlisten = \"mail.uni.example:24\"\naddresses = \"handover@uni.example\"\nmode = \"on\"\nkeep = \"1KiB\"\n[[domain]]\nname = \"uni\"\nsuffixes = [\"uni.example\"]\nreplies = \"no\"\nreply_verbs = [\"acept\"]\n",
        ),
        ("one file for two", "[store]\npath = \"handover.key\"\n"),
        (
            "no list",
            "[domain]\nname = \"uni\"\n[workgroup]\nhandle = \"core\"\n",
        ),
        ("a list of other things", "domain = [1]\nworkgroup = 3\n"),
        (
            "identity providers",
            "[sign_in]\ncode_tries = 5\nprovidr = 1\n[[sign_in.provider]]\nhandle = \"uni\"\nissuer = \"http://login.uni.example\"\nclient_id = \"\"\nclient_secret = \"hunter2\"\ntrust_verified_email = \"yes\"\nsuffixes = [\"@uni.example\"]\n\n[[sign_in.provider]]\nhandle = \"uni\"\nissuer = \"https://a:hunter2@login.uni.example\"\nclient_id = \"handover\"\nclient_secret_file = \"uni.secret\"\ntrust_verified_email = true\n\n[[sign_in.provider]]\nname = \"\"\nissuer = \"https://login.uni.example?a\"\n",
        ),
        ("no list of identity providers", "[sign_in]\nprovider = 3\n"),
        (
            "domains",
            "[[domain]]\nname = \"public\"\nsuffixes = [\"a.example\"]\n\n[[domain]]\nname = \"uni\"\nsuffixes = [\"uni.example\",\n  \"A.example\"]\nadministrators = [\"Dean@uni.example\", \"dean@UNI.example\"]\n\n[[domain]]\nname = \"uni\"\nsuffixes = []\n\n[[domain]]\nsufixes = []\n",
        ),
        (
            "workgroups",
            "[[workgroup]]\nhandle = \"core\"\nowner = \"anna\"\n\n[[workgroup]]\nhandle = \"core\"\nowner = \"anna@uni.example\"\ntier = \"enterprise\"\n\n[[workgroup]]\nhandle = \"Lab 7\"\nowner = \"anna@uni.example\"\ndomain = \"unii\"\n\n[[workgroup]]\nname = \"x\"\ntier = \"basic\"\n\n[[workgroup]]\nhandle = \"open\"\nowner = \"anna@uni.example\"\ncollaborative = true\nquota = \"lots\"\nmembers = [\"a@b.example\", \"A@b.example\"]\n",
        ),
        (
            "people outside their domain",
            "[[domain]]\nname = \"uni\"\nsuffixes = [\"uni.example\"]\n\n[[workgroup]]\nhandle = \"core\"\ntier = \"enterprise\"\ndomain = \"uni\"\nowner = \"eve@lab.example\"\nadministrators = [\"anna@uni.example\"]\nmembers = [\n  \"ben@bio.uni.example\",\n  \"guest@lab.example\",\n  \"guest@notuni.example\",\n]\n\n[[workgroup]]\nhandle = \"shared\"\ntier = \"enterprise\"\ndomain = \"uni\"\ncollaborative = true\nowner = \"anna@uni.example\"\nmembers = [\"guest@lab.example\"]\n\n[[workgroup]]\nhandle = \"lost\"\ndomain = \"uni\"\nowner = \"anna@uni.example\"\n",
        ),
        (
            "a doubtful key raises no doubts about others",
            "[sign_in]\nregistration = \"listed\"\nlisted_domains = [\"!\"]\n[[domain]]\nname = \"u n i\"\nsuffixes = [\"uni.example\"]\n[[workgroup]]\nhandle = \"core\"\ntier = \"enterprise\"\ndomain = \"uni\"\nowner = \"anna@uni.example\"\n",
        ),
        (
            "no TOML",
            "[site]\nname = \nnam = \"x\"\n[server\nlisten = \"1\n[store]\nstore = = 3\ncache = \"64MiB\"\ncache = \"64MiB\"\n",
        ),
        (
            "a long word",
            &format!(
                "[site]\nlanguage = \"{}\"\n[mail]\n\"a\\nb\" = 1\n",
                "é\\u001b".repeat(5_000)
            ),
        ),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|(name, text)| match parse(text) {
            Ok(_) => format!("## {name}\nnothing is wrong"),
            Err(problems) => format!("## {name}\n{problems}"),
        })
        .collect();
    assert!(
        said.iter().all(|said| !said.contains("hunter2")),
        "a secret was repeated"
    );
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn files_that_the_configuration_names_are_checked_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handover.toml");
    let shorten = |text: String| text.replace(&folder.path().display().to_string(), "…");
    let mut said = vec![shorten(Config::load(&path).unwrap_err().to_string())];
    fs::write(&path, b"[site]\nname = \"\xff\"\n").unwrap();
    said.push(shorten(Config::load(&path).unwrap_err().to_string()));
    fs::write(&path, "[mail.smtp]\nusername = \"h\"\npassword_file = \"smtp.password\"\n\n[secrets]\nkey_file = \"handover.key\"\n[site]\nlanguage = \"xx\"\n").unwrap();
    for file in ["smtp.password", "handover.key"] {
        fs::write(folder.path().join(file), "x").unwrap();
        fs::set_permissions(folder.path().join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    said.push(shorten(Config::load(&path).unwrap_err().to_string()));
    said.push(shorten(
        Config::load(folder.path()).unwrap_err().to_string(),
    ));
    fs::write(&path, "[[sign_in.provider]]\nhandle = \"uni\"\nissuer = \"https://login.uni.example\"\nclient_id = \"handover\"\nclient_secret_file = \"smtp.password\"\ntrust_verified_email = true\n").unwrap();
    fs::set_permissions(
        folder.path().join("handover.key"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    said.push(shorten(Config::load(&path).unwrap_err().to_string()));
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_loaded_configuration_names_absolute_paths() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handover.toml");
    fs::write(&path, Config::embedded()).unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!(config.store.path, folder.path().join("handover.redb"));
    assert_eq!(
        Config::parse(&show(&config), FILE),
        Ok(config),
        "what is shown means the same in every folder"
    );
}

#[test]
fn a_reload_names_what_is_taken_over_and_what_needs_a_restart() {
    let old = parse(SITE).unwrap();
    let check = |from: &str, to: &str, (applied, restart): (&[&str], &[&str])| {
        assert!(SITE.contains(from), "{from}");
        let new = parse(&SITE.replace(from, to)).unwrap();
        let found = Config::reload_differences(&old, &new);
        assert_eq!(
            (found.0, found.1),
            (
                applied.iter().map(|key| (*key).to_owned()).collect(),
                restart.iter().map(|key| (*key).to_owned()).collect()
            ),
            "{from} → {to}"
        );
    };
    check("[site]", "[site]", (&[], &[]));
    check(
        "level = \"debug\"",
        "level = \"warn\"",
        (&["logging.level"], &[]),
    );
    check(
        "level = \"debug\"\nformat = \"json\"",
        "",
        (&["logging.level"], &["logging.format"]),
    );
    check(
        "professional = \"20TB\"",
        "professional = \"20000GB\"",
        (&[], &[]),
    );
    check("port = 587", "port = 25", (&[], &["mail.smtp.port"]));
    check(
        "from_name = \"Sequencing \\\"core\\\"\"",
        "",
        (&["mail.from_name"], &[]),
    );
    check(
        "members = [\"guest@lab.example\"]\nquota = \"none\"",
        "",
        (&["workgroup.core.members", "workgroup.core.quota"], &[]),
    );
    check(
        "handle = \"techsupport\"",
        "handle = \"support\"",
        (&["workgroup.techsupport", "workgroup.support"], &[]),
    );
    check(
        "suffixes = [\"bio.uni.example\"]",
        "suffixes = [\"b.uni.example\"]",
        (&["domain.bio.suffixes"], &[]),
    );
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Text that looks like a configuration, so that it gets past the first line.
    fn likely() -> impl Strategy<Value = String> {
        let names: Vec<&'static str> = KEYS
            .iter()
            .map(|key| key.name)
            .chain(WORKGROUP_KEYS.iter().map(|key| key.name))
            .collect();
        let sections: Vec<&'static str> = SECTIONS
            .iter()
            .map(|(section, _)| *section)
            .chain(["[domain]", "[workgroup]", "domain", "elephant"])
            .collect();
        let value = prop_oneof![
            "-?[0-9]{1,25}",
            "\"[a-z0-9.:@/ -]{0,12}\"",
            "\"[0-9]{1,20}(d|h|ms|GB|TiB|)\"",
            "\\[(\"[a-z@.]{0,8}\", ){0,3}\\]",
            "(true|0x1F|1e9|nan|2026-01-01|\\{ a = 1 \\}|\\{|\\[|\"|'''|)",
            "\\PC{0,10}",
        ];
        let line = prop_oneof![
            4 => (prop::sample::select(names), value).prop_map(|(name, value)| format!("{name} = {value}")),
            1 => prop::sample::select(sections).prop_map(|section| format!("[{section}]")),
        ];
        prop::collection::vec(line, 0..20).prop_map(|lines| lines.join("\n"))
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        match parse(text) {
            Ok(config) => prop_assert_eq!(parse(&show(&config)), Ok(config)),
            Err(problems) => {
                let lines = text.lines().count().max(1) + 1;
                for problem in &problems {
                    prop_assert!(!problem.sentence.is_empty());
                    prop_assert!(problem.line.is_none_or(|line| line <= lines), "{}", problem);
                    prop_assert!(!problem.to_string().contains('\n'), "{}", problem);
                }
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text: String) {
            check(&text)?;
        }

        #[test]
        fn no_likely_text_makes_reading_panic(text in likely()) {
            check(&text)?;
        }
    }
}

#[test]
fn deep_and_wide_texts_are_refused_in_bounded_time() {
    for text in [
        format!("{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        "[[workgroup]]\n".repeat(20_000),
        (0..20_000).map(|n| format!("k{n} = 1\n")).collect(),
    ] {
        assert!(parse(&text).is_err());
    }
}
