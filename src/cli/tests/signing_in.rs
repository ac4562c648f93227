//! Login, logout, and what is kept of them.

use super::*;

fn begun() -> Answer {
    ok(json!({"sign_in": "sgn_1", "expires_at": "2026-11-22T10:57:00Z"}))
}

fn signed() -> Answer {
    let token = json!({
        "id": "sha_1", "name": "command line", "scopes": ["read"], "created_at": "2026-11-22T10:47:00Z",
        "expires_at": "2027-11-22T10:47:00Z",
    });
    ok(json!({"secret": "s3cret", "token": token, "account": account()}))
}

#[test]
fn a_person_types_address_and_code_and_may_mistype_the_code() {
    let stub = Stub::new(vec![begun(), problem(422, "code.wrong"), signed()]);
    let person = Person::new().at_a_terminal("ada@core.example\nWRONG\nBCDF-2345\n");
    let ended = person.runs(&["login", "--url", &stub.url]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(!ended.shown().contains("s3cret"));
    assert_eq!(
        ended.out,
        format!(
            "Signed in at {} as Ada Core <ada@core.example>.\n",
            stub.url
        )
    );
    let seen = stub.seen();
    assert_eq!(seen[0].json(), json!({"address": "ada@core.example"}));
    assert_eq!(seen[2].line, "POST /api/v1/sign-in/sgn_1");
    assert_eq!(
        seen[2].json(),
        json!({"code": "BCDF-2345", "token_name": "command line"})
    );
    let keys: Vec<_> = seen
        .iter()
        .map(|seen| seen.header("idempotency-key"))
        .collect();
    assert!(
        keys[0] != keys[1] && keys[1] != keys[2],
        "each is a command of its own"
    );
    let saved = person.saved();
    assert_eq!(saved.url.as_deref(), Some(stub.url.as_str()));
    assert_eq!(
        (saved.token.as_deref(), saved.token_id.as_deref()),
        (Some("s3cret"), Some("sha_1"))
    );
}

#[test]
fn codes_are_not_guessed_for_ever() {
    let mut answers = vec![begun()];
    answers.extend(vec![problem(422, "code.wrong"); 9]);
    let stub = Stub::new(answers);
    let person = Person::new().at_a_terminal(&"WRONG\n".repeat(9));
    let ended = person.runs(&["login", "--url", &stub.url, "--address", "ada@core.example"]);
    assert_eq!((ended.exit, stub.seen().len()), (Exit::Refused, 6));
}

#[test]
fn a_script_signs_in_in_two_steps() {
    let stub = Stub::new(vec![begun(), signed()]);
    let person = Person::new();
    let first = person.runs(&["login", "--url", &stub.url, "--address", "ada@core.example"]);
    assert_eq!((first.exit, first.out.as_str()), (Exit::Done, "sgn_1\n"));
    assert!(
        first.err.contains("--sign-in sgn_1 --code CODE"),
        "{}",
        first.err
    );
    assert!(person.saved().token.is_none());
    let typed = [
        "login",
        "--url",
        &stub.url,
        "--sign-in",
        "sgn_1",
        "--code",
        "BCDF2345",
        "--terse",
    ];
    let second = person.runs(&typed);
    assert_eq!((second.exit, second.out.as_str()), (Exit::Done, "acc_1\n"));
    assert_eq!(person.saved().token.as_deref(), Some("s3cret"));
}

#[test]
fn a_token_from_standard_input_is_kept_if_it_is_good() {
    let stub = Stub::new(vec![problem(401, "person.not_signed_in"), ok(account())]);
    let mut person = Person::new();
    person.types = "made-elsewhere\n".to_owned();
    let typed = ["login", "--url", &stub.url, "--token"];
    assert_eq!(person.runs(&typed).exit, Exit::NotSignedIn);
    assert!(person.saved().token.is_none());
    assert_eq!(person.runs(&typed).exit, Exit::Done);
    assert_eq!(
        stub.seen()[1].header("authorization"),
        Some("Bearer made-elsewhere")
    );
    assert_eq!(person.saved().token.as_deref(), Some("made-elsewhere"));
    for types in ["", "\n", "two words\n", "ünseen\n"] {
        types.clone_into(&mut person.types);
        assert_eq!(person.runs(&typed).exit, Exit::Usage, "{types:?}");
    }
}

#[test]
fn without_a_server_or_a_person_the_next_step_is_said() {
    let person = Person::new();
    let ended = person.runs(&["login"]);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(
        ended.err.contains("handover login --url URL"),
        "{}",
        ended.err
    );
    let ended = person.runs(&["login", "--url", "https://handover.invalid"]);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(
        ended.err.contains("handover login --address ADDRESS"),
        "{}",
        ended.err
    );
    assert_eq!(person.runs(&["whoami"]).exit, Exit::NotSignedIn);
}

fn saved(stub: &Stub, token_id: Option<&str>) -> Person {
    let person = Person::new();
    let file = File::in_folder(Some(&person.folder())).unwrap();
    file.write(&Saved {
        url: Some(stub.url.clone()),
        token: Some("s3cret".into()),
        token_id: token_id.map(Into::into),
    })
    .unwrap();
    person
}

#[test]
fn logout_ends_the_token_and_forgets_it() {
    for answer in [
        says(204, "application/json", ""),
        problem(401, "person.not_signed_in"),
    ] {
        let stub = Stub::new(vec![answer]);
        let person = saved(&stub, Some("sha_1"));
        assert_eq!(person.runs(&["logout"]).exit, Exit::Done);
        assert_eq!(stub.seen()[0].line, "DELETE /api/v1/tokens/sha_1");
        let left = person.saved();
        assert_eq!((left.url, left.token), (Some(stub.url.clone()), None));
        assert!(
            person
                .runs(&["logout"])
                .err
                .contains("nobody was signed in")
        );
    }
}

#[test]
fn a_token_that_could_not_be_ended_is_not_forgotten() {
    let stub = Stub::new(vec![problem(503, "service.unavailable")]);
    let person = saved(&stub, Some("sha_1"));
    let ended = person.runs(&["logout"]);
    assert_eq!(ended.exit, Exit::TryAgain);
    assert!(
        ended.err.contains("the token is still good"),
        "{}",
        ended.err
    );
    assert!(person.saved().token.is_some());
}

#[test]
fn a_token_made_elsewhere_is_forgotten_and_said_to_be_good_still() {
    let stub = Stub::new(vec![ok(account())]);
    let person = saved(&stub, None);
    let ended = person.runs(&["logout"]);
    assert!(ended.err.contains("still good"), "{}", ended.err);
    assert!(stub.seen().is_empty() && person.saved().token.is_none());
}
