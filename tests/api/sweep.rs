//! Every route of the API for every kind of person. A route has one row, a kind of person one column, and the test fails when a route
//! has no row: whoever adds a route says here who may use it.
//!
//! To add one: a line in [`TABLE`] with its scope, a body, and what each kind of person is answered. What the path and the body name in
//! braces is looked up in the [`Site`]; where nothing there fits, add a name in [`Site::open`]. A row that is wrong is printed as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::StatusCode;
use handover::actors::sign_in;
use handover::domain::event::{By, Channel};
use handover::domain::id::{LetterId, MessageId};
use handover::domain::policy::{Policy, Private};
use handover::domain::workgroup::Role;
use serde_json::{Value, json};

use crate::support::{Person, World, bounds, rates, run};

/// The columns, from left to right. All items belong to the workgroup `lab` of the domain `uni`.
const KINDS: [&str; 12] = [
    "nobody",    // no token at all
    "stranger",  // a token that was made up
    "other",     // an account with nothing
    "reader",    // the project is shared with them to read
    "writer",    // and to write
    "member",    // of the workgroup that owns it
    "admin",     // one of its administrators
    "owner",     // its owner
    "domain",    // an administrator of its domain, no member
    "recipient", // to whose workgroup another project is offered
    "expired",   // the owner's token, too old
    "narrow",    // the owner's token without the scope
];

/// Routes that have no row. Kept empty.
const WITHOUT_ROW: &[&str] = &[];

/// Method and path, the scope that a token needs, a body, and the status for each kind.
type Row = (&'static str, &'static str, &'static str, &'static str);

const FILES: &str = r#"{"files":[{"path":"a.bam","bytes":1}]}"#;
const ANALYSIS: &str = r#"{"name":"align","projects":["{project}"]}"#;
const PROJECT: &str = r#"{"name":"New","context":"{lab}"}"#;
const OFFER: &str = r#"{"items":["{project}"],"recipient":"workgroup:hub","accept_terms":true}"#;
const SHARE: &str = r#"{"items":["{project}"],"recipient":"workgroup:hub"}"#;
const PREVIEW: &str = r#"{"items":["{project}"],"recipient":"workgroup:hub"}"#;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                          nobody str oth rea wri mem adm own dom rec exp nar
    ("POST /sign-in", "none", r#"{"address":"x@y.example"}"#,     "202 202 202 202 202 202 202 202 202 202 202 202"),
    ("POST /sign-in/{sign_in}", "none", r#"{"code":"WRONG"}"#,    "422 422 422 422 422 422 422 422 422 422 422 422"),
    // One's own account.
    ("GET /account", "read", "",                                  "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("PATCH /account", "account", r#"{"name":"New"}"#,            "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("GET /contexts", "read", "",                                 "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("GET /tokens", "account", "",                                "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("POST /tokens", "account", r#"{"name":"x","scopes":["read"]}"#, "401 401 201 201 201 201 201 201 201 201 401 403"),
    ("DELETE /tokens/{token}", "account", "",                     "401 401 204 204 204 204 204 204 204 204 401 403"),
    ("GET /sessions", "account", "",                              "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("DELETE /sessions/{session}", "account", "",                 "401 401 204 204 204 204 204 204 204 204 401 403"),
    ("POST /account/addresses", "account", r#"{"address":"more@lab.example"}"#, "401 401 202 202 202 202 202 202 202 202 401 403"),
    ("POST /account/addresses/{sign_in}/prove", "account", r#"{"code":"WRONG"}"#, "401 401 422 422 422 422 422 422 422 422 401 403"),
    ("DELETE /account/addresses/{address}", "account", "",        "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("GET /account/export", "account", "",                        "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("POST /account/close", "account", r#"{"address":"no@lab.example"}"#, "401 401 422 422 422 422 422 422 422 422 401 403"),
    // What a context has: for those who may act for it.
    ("GET /runs?context={lab}", "read", "",                       "401 401 403 403 403 200 200 200 200 403 401 403"),
    ("GET /projects?context={lab}", "read", "",                   "401 401 403 403 403 200 200 200 200 403 401 403"),
    ("POST /runs", "write", "RUN",                                "401 401 403 403 403 201 201 201 201 403 401 403"),
    ("POST /projects", "write", PROJECT,                          "401 401 403 403 403 201 201 201 201 403 401 403"),
    // An item: whoever may not look is told that there is none, whoever may look but not this, that they may not.
    ("GET /runs/{run}", "read", "",                               "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("GET /runs/{run}/access", "read", "",                        "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("GET /runs/{run}/right", "read", "",                         "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("GET /projects/{project}", "read", "",                       "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("GET /projects/{project}/access", "read", "",                "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("GET /projects/{project}/right", "read", "",                 "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("GET /projects/{project}/files", "read", "",                 "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("GET /projects/{project}/datasets", "read", "",              "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("POST /projects/{project}/files", "write", FILES,            "401 401 404 403 200 200 200 200 200 404 401 403"),
    ("POST /analyses", "write", ANALYSIS,                         "401 401 404 403 201 201 201 201 201 404 401 403"),
    ("GET /projects/{project}/analyses", "read", "",              "401 401 404 200 200 200 200 200 200 404 401 403"),
    ("POST /analyses/{analysis}/end", "write", "",                "401 401 422 422 200 200 200 200 200 422 401 403"),
    // Trash, archive and who did what: for the owner's side. The project is shared, and an analysis writes to it.
    ("POST /runs/{run}/trash", "write", "",                       "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("POST /runs/{run}/restore", "write", "",                     "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("POST /runs/{run}/archive", "write", "",                     "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("POST /runs/{run}/unarchive", "write", "",                   "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("POST /runs/{run}/purge", "write", "",                       "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("GET /runs/{run}/audit", "read", "",                         "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("POST /projects/{project}/trash", "write", "",               "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("POST /projects/{project}/restore", "write", "",             "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("POST /projects/{project}/archive", "write", "",             "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("POST /projects/{project}/unarchive", "write", "",           "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("POST /projects/{project}/purge", "write", "",               "401 401 404 403 403 409 409 409 409 404 401 403"),
    ("GET /projects/{project}/audit", "read", "",                 "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("GET /audit?context={lab}", "read", "",                      "401 401 403 403 403 200 200 200 200 403 401 403"),
    ("GET /audit/export?context={lab}", "read", "",               "401 401 403 403 403 200 200 200 200 403 401 403"),
    // Transfers: for the owner's side, and for whoever answers for the recipient.
    ("POST /transfers/preview", "read", PREVIEW,                  "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("POST /transfers", "write", OFFER,                           "401 401 404 403 403 201 201 201 201 404 401 403"),
    ("GET /transfers?role=sent&context={lab}", "read", "",        "401 401 403 403 403 200 200 200 200 403 401 403"),
    ("GET /transfers/{transfer}", "read", "",                     "401 401 404 404 404 200 200 200 200 200 401 403"),
    ("GET /transfers/{transfer}/choices", "read", "",             "401 401 404 404 404 403 403 403 403 200 401 403"),
    ("POST /transfers/{transfer}/accept", "write", "",            "401 401 404 404 404 403 403 403 403 200 401 403"),
    ("POST /transfers/{transfer}/decline", "write", "",           "401 401 404 404 404 403 403 403 403 200 401 403"),
    ("POST /transfers/{transfer}/cancel", "write", "",            "401 401 404 404 404 200 200 200 200 403 401 403"),
    ("POST /transfers/{transfer}/extend", "write", r#"{"expires_in_days":30}"#, "401 401 404 404 404 200 200 200 200 403 401 403"),
    ("POST /transfers/{transfer}/resend", "write", "",            "401 401 404 404 404 409 409 409 409 403 401 403"),
    ("POST /transfers/{transfer}/readdress", "write", r#"{"recipient":"workgroup:den"}"#, "401 401 404 404 404 201 201 201 201 403 401 403"),
    // Sharing: for the owner's side, and for whoever is invited or holds the link.
    ("POST /shares/preview", "read", SHARE,                       "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("POST /shares", "write", SHARE,                              "401 401 404 403 403 201 201 201 201 404 401 403"),
    ("GET /shared-with-me", "read", "",                           "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("GET /runs/{run}/collaborators", "read", "",                 "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("PATCH /runs/{run}/collaborators/{reader}", "write", r#"{"until":"revoked"}"#, "401 401 404 403 403 404 404 404 404 404 401 403"),
    ("DELETE /runs/{run}/collaborators/{reader}", "write", "",    "401 401 404 403 403 404 404 404 404 404 401 403"),
    ("POST /runs/{run}/leave", "write", "",                       "401 401 404 404 404 404 404 404 404 404 401 403"),
    ("GET /projects/{project}/collaborators", "read", "",         "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("PATCH /projects/{project}/collaborators/{reader}", "write", r#"{"until":"2030-01-01T00:00:00Z"}"#, "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("DELETE /projects/{project}/collaborators/{reader}", "write", "", "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("POST /projects/{project}/leave", "write", "",               "401 401 404 200 200 404 404 404 404 404 401 403"),
    ("GET /runs/{run}/links", "read", "",                         "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("POST /runs/{run}/links", "write", "",                       "401 401 404 403 403 201 201 201 201 404 401 403"),
    ("GET /projects/{project}/links", "read", "",                 "401 401 404 403 403 200 200 200 200 404 401 403"),
    ("POST /projects/{project}/links", "write", "",               "401 401 404 403 403 201 201 201 201 404 401 403"),
    ("DELETE /links/{link}", "write", "",                         "401 401 404 404 404 200 200 200 200 404 401 403"),
    ("GET /links/by-token/{token_of_link}", "read", "",           "401 401 409 409 409 200 200 200 409 200 401 403"),
    ("POST /links/by-token/{token_of_link}/accept", "write", "",  "401 401 409 409 409 409 409 409 409 409 401 403"),
    ("GET /invitations?role=sent&context={lab}", "read", "",      "401 401 403 403 403 200 200 200 200 403 401 403"),
    ("GET /invitations/{invitation}", "read", "",                 "401 401 404 404 404 200 200 200 200 200 401 403"),
    ("POST /invitations/{invitation}/accept", "write", "",        "401 401 404 404 404 403 403 403 403 200 401 403"),
    ("POST /invitations/{invitation}/decline", "write", "",       "401 401 404 404 404 403 403 403 403 200 401 403"),
    ("POST /invitations/{invitation}/cancel", "write", "",        "401 401 404 404 404 200 200 200 200 403 401 403"),
    ("POST /invitations/{invitation}/extend", "write", r#"{"expires_in_days":30}"#, "401 401 404 404 404 200 200 200 200 403 401 403"),
    ("POST /invitations/{invitation}/resend", "write", "",        "401 401 404 404 404 409 409 409 409 403 401 403"),
    // A workgroup: for its members, what changes it for those who administer it, itself for its owner.
    ("GET /workgroups", "read", "",                               "401 401 200 200 200 200 200 200 200 200 401 403"),
    ("POST /workgroups", "write", r#"{"handle":"new"}"#,          "401 401 403 403 403 201 201 201 201 201 401 403"),
    ("GET /workgroups/{team}", "read", "",                        "401 401 404 404 404 200 200 200 200 404 401 403"),
    ("PATCH /workgroups/{team}", "write", r#"{"name":"New"}"#,    "401 401 404 404 404 403 200 200 200 404 401 403"),
    ("DELETE /workgroups/{team}", "write", "",                    "401 401 404 404 404 403 403 409 409 404 401 403"),
    ("GET /workgroups/{team}/members", "read", "",                "401 401 404 404 404 200 200 200 200 404 401 403"),
    ("PATCH /workgroups/{team}/members/{member}", "write", r#"{"role":"administrator"}"#, "401 401 404 404 404 403 204 204 204 404 401 403"),
    ("DELETE /workgroups/{team}/members/{member}", "write", "",   "401 401 404 404 404 204 204 204 204 404 401 403"),
    ("POST /workgroups/{team}/leave", "write", "",                "401 401 404 404 404 204 204 409 404 404 401 403"),
    ("GET /workgroups/{team}/invitations", "read", "",            "401 401 404 404 404 403 200 200 200 404 401 403"),
    ("POST /workgroups/{team}/invitations", "write", r#"{"addresses":["new@uni.example"]}"#, "401 401 404 404 404 403 200 200 200 404 401 403"),
    ("POST /workgroups/{team}/invitations/{joining}/cancel", "write", "", "401 401 404 404 404 403 200 200 200 404 401 403"),
    ("POST /workgroups/{team}/invitations/{joining}/resend", "write", "", "401 401 404 404 404 403 409 409 409 404 401 403"),
    ("POST /workgroups/{team}/hand-over", "write", r#"{"to":"admin@uni.example"}"#, "401 401 404 404 404 403 403 201 403 404 401 403"),
    // Moving everything of somebody: for administrators, two together.
    ("GET /admin/moves", "read", "",                              "401 401 403 403 403 403 403 403 200 403 401 403"),
    ("POST /admin/moves", "write", r#"{"from":"admin@uni.example","to":"{lab}"}"#, "401 401 403 403 403 403 403 403 201 403 401 403"),
    ("POST /admin/moves/preview", "read", r#"{"from":"admin@uni.example","to":"{lab}"}"#, "401 401 403 403 403 403 403 403 200 403 401 403"),
    ("GET /admin/moves/{move}", "read", "",                       "401 401 404 404 404 404 404 404 200 404 401 403"),
    ("POST /admin/moves/{move}/approve", "write", "",             "401 401 404 404 404 404 404 404 409 404 401 403"),
    ("POST /admin/moves/{move}/cancel", "write", "",              "401 401 404 404 404 404 404 404 200 404 401 403"),
    // For administrators of the domain.
    ("PATCH /admin/allowances/{member}", "write", r#"{"quota":"tier"}"#, "401 401 404 404 404 404 404 404 200 404 401 403"),
    ("GET /admin/people/{member}/access", "read", "",             "401 401 404 404 404 404 404 404 200 404 401 403"),
    // The site's mail: for those who administer the site; nobody here does.
    ("GET /admin/mail", "read", "",                              "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("GET /admin/mail/outbox", "read", "",                        "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("GET /admin/mail/outbox/{letter}", "read", "",               "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("POST /admin/mail/outbox/{letter}/retry", "write", "",       "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("POST /admin/mail/outbox/{letter}/drop", "write", "",        "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("GET /admin/mail/inbound", "read", "",                       "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("GET /admin/mail/inbound/{message}", "read", "",             "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("POST /admin/mail/inbound/{message}/retry", "write", "",     "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("POST /admin/mail/inbound/{message}/drop", "write", "",      "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("GET /admin/mail/addresses", "read", "",                     "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("GET /admin/mail/addresses/{address}", "read", "",           "401 401 403 403 403 403 403 403 403 403 401 403"),
    ("POST /admin/mail/addresses/{address}/reset", "write", "",   "401 401 403 403 403 403 403 403 403 403 401 403"),
];

/// A site with somebody of every kind.
struct Site {
    world: World,
    people: BTreeMap<&'static str, Person>,
    names: BTreeMap<&'static str, String>,
}

fn policy() -> Policy {
    let uni = Private {
        suffixes: vec!["uni.example".to_owned()],
        administrators: vec!["domain@uni.example".parse().unwrap()],
    };
    Policy {
        domains: BTreeMap::from([("uni".to_owned(), uni)]),
        ..Policy::default()
    }
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// A workgroup that the configuration file does not rule, and an invitation into it that waits.
async fn team(world: &World, people: &BTreeMap<&'static str, Person>) -> (String, String) {
    let owner = &people["owner"];
    let made = world
        .post(owner, "/workgroups", json!({ "handle": "team" }))
        .await;
    let team = id(&made.ok());
    let path = format!("/workgroups/{team}/invitations");
    let mut waiting = String::new();
    for (kind, role) in [
        ("admin", "administrator"),
        ("member", "member"),
        ("waiting", "member"),
    ] {
        let body = json!({ "addresses": [format!("{kind}@uni.example")], "role": role });
        let invited = world.post(owner, &path, body).await.ok();
        waiting = id(&invited["items"][0]["invitation"]);
        if let Some(person) = people.get(kind) {
            let accept = format!("/invitations/{waiting}/accept");
            world.post(person, &accept, json!({})).await.ok();
        }
    }
    (team, waiting)
}

impl Site {
    async fn open() -> Self {
        let world = World::with(policy(), bounds(), rates()).await;
        let owner = world.person("owner@uni.example").await;
        let body =
            json!({ "name": "old", "scopes": ["read", "write", "account"], "expires_in_days": 1 });
        let old = world.post(&owner, "/tokens", body).await.ok();
        world.clock.advance(Duration::from_secs(24 * 60 * 60));
        let secret = |made: &Value| made["secret"].as_str().unwrap().to_owned();
        let with = |secret: String| Person {
            id: owner.id.clone(),
            secret,
        };
        let mut people = BTreeMap::from([
            ("stranger", with("ho_madeup".to_owned())),
            ("expired", with(secret(&old))),
        ]);
        for (kind, address) in [
            ("other", "other@lab.example"),
            ("reader", "reader@lab.example"),
            ("writer", "writer@lab.example"),
            ("member", "member@uni.example"),
            ("admin", "admin@uni.example"),
            ("owner", "owner@uni.example"),
            ("domain", "domain@uni.example"),
            ("recipient", "recipient@uni.example"),
        ] {
            people.insert(kind, world.person(address).await);
        }
        let lab = [
            ("owner@uni.example", Role::Owner),
            ("admin@uni.example", Role::Administrator),
            ("member@uni.example", Role::Member),
        ];
        let lab = world.workgroup_in("lab", &lab, "uni", false, None).await;
        for handle in ["hub", "den"] {
            let people = [("recipient@uni.example", Role::Owner)];
            world
                .workgroup_in(handle, &people, "uni", false, None)
                .await;
        }
        let owner = &people["owner"];
        let mut body = run("R1");
        body["context"] = json!(lab);
        let registered = world.post(owner, "/runs", body).await.ok();
        let project = id(&registered["projects"][0]);
        let (reader, writer) = (&people["reader"].id, &people["writer"].id);
        world.grant(&project, reader, "read", None).await;
        world.grant(&project, writer, "write", None).await;
        let offered = world.project(owner, &lab, "Offered", 1).await;
        let transfer = world.offer(owner, &[&offered], "workgroup:hub").await;
        let body = json!({ "name": "align", "projects": [project] });
        let analysis = id(&world.post(owner, "/analyses", body).await.ok());
        let body = json!({ "name": "spare", "scopes": ["read"] });
        let token = id(&world.post(owner, "/tokens", body).await.ok()["token"]);
        let body = json!({ "items": [offered], "recipient": "workgroup:hub" });
        let share = world.post(owner, "/shares", body).await.ok();
        let path = format!("/projects/{offered}/links");
        let link = world.post(owner, &path, json!({})).await.ok();
        let url = link["url"].as_str().unwrap().to_owned();
        let (team, joining) = team(&world, &people).await;
        let body = json!({ "from": "member@uni.example", "to": "workgroup:lab" });
        let proposed = world
            .post(&people["domain"], "/admin/moves", body)
            .await
            .ok();
        let body = json!({ "address": "begun@lab.example" });
        let begun = World::request("POST", "/sign-in", None, &[], Some(&body));
        let begun = world.send(begun).await.ok();
        let names = BTreeMap::from([
            ("sign_in", begun["sign_in"].as_str().unwrap().to_owned()),
            ("session", session(&world, owner).await),
            ("run", id(&registered["run"])),
            ("member", people["member"].id.clone()),
            ("reader", people["reader"].id.clone()),
            ("address", "gone@lab.example".to_owned()),
            ("letter", LetterId::from_bits(1).to_string()),
            ("message", MessageId::from_bits(1).to_string()),
            ("invitation", id(&share["invitation"])),
            ("link", id(&link)),
            ("token_of_link", url.rsplit('/').next().unwrap().to_owned()),
            ("lab", lab),
            ("team", team),
            ("joining", joining),
            ("move", id(&proposed)),
            ("project", project),
            ("transfer", transfer),
            ("analysis", analysis),
            ("token", token),
        ]);
        Self {
            world,
            people,
            names,
        }
    }

    fn filled(&self, text: &str) -> String {
        let fill =
            |text: String, (name, id): (&&str, &String)| text.replace(&format!("{{{name}}}"), id);
        self.names.iter().fold(text.to_owned(), fill)
    }

    /// The owner's token with every scope but this one.
    async fn narrow(&self, scope: &str) -> Person {
        let others = ["read", "write", "account"];
        let others: Vec<&str> = others.into_iter().filter(|one| *one != scope).collect();
        self.world.token(&self.people["owner"], &others).await
    }

    async fn answer(&self, kind: &str, (route, scope, body, _): &Row) -> StatusCode {
        let (method, path) = route.split_once(' ').unwrap();
        let narrow;
        let person = match kind {
            "nobody" => None,
            "narrow" => {
                narrow = self.narrow(scope).await;
                Some(&narrow)
            }
            kind => Some(&self.people[kind]),
        };
        let body = match *body {
            "" if method == "POST" => Some(json!({})),
            "" => None,
            "RUN" => {
                let mut body = run("R2");
                body["context"] = json!(self.names["lab"]);
                Some(body)
            }
            text => Some(serde_json::from_str(&self.filled(text)).unwrap()),
        };
        let path = self.filled(path);
        assert!(
            !path.contains('{'),
            "{path} names something that the site does not have"
        );
        let request = World::request(method, &path, person, &[], body.as_ref());
        self.world.send(request).await.status
    }
}

async fn session(world: &World, person: &Person) -> String {
    let account = person.id.parse().unwrap();
    let by = By {
        person: Some(account),
        channel: Channel::Web,
    };
    let call = world.directory.call(by, None);
    let opened = sign_in::open_session(&world.directory, &call, account, "test", None).await;
    opened.unwrap().1.digest.to_string()
}

/// The routes as the document names them, without what follows the path.
fn named(route: &str) -> &str {
    route.split('?').next().unwrap()
}

#[test]
fn every_route_has_its_row() {
    let document = serde_json::to_value(handover::web::api::document()).unwrap();
    let mut routes = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix(handover::web::api::PREFIX).unwrap();
        for method in operations.as_object().unwrap().keys() {
            // The names of parameters are the document's business.
            routes.insert(format!("{} {}", method.to_uppercase(), nameless(path)));
        }
    }
    let rows: BTreeSet<String> = TABLE.iter().map(|row| nameless(named(row.0))).collect();
    let missing: Vec<&String> = routes.difference(&rows).collect();
    assert_eq!(missing, WITHOUT_ROW, "routes without a row in TABLE");
    let gone: Vec<&String> = rows.difference(&routes).collect();
    assert!(gone.is_empty(), "rows without a route: {gone:?}");
}

/// `/runs/{run}` as `/runs/{}`.
fn nameless(path: &str) -> String {
    let pieces = path.split('/');
    let nameless = |piece: &str| match piece.starts_with('{') {
        true => "{}".to_owned(),
        false => piece.to_owned(),
    };
    pieces.map(nameless).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn everybody_is_answered_as_the_table_says() {
    let mut site = Site::open().await;
    let mut wrong = Vec::new();
    for row in TABLE {
        let expected: Vec<&str> = row.3.split_whitespace().collect();
        assert_eq!(expected.len(), KINDS.len(), "{}", row.0);
        let mut found = Vec::new();
        for kind in KINDS {
            let status = site.answer(kind, row).await;
            found.push(status.as_str().to_owned());
            if status.is_success() && !row.0.starts_with("GET") {
                // What it changed must not meet the next one.
                site = Site::open().await;
            }
        }
        if found != expected {
            let found = found.join(" ");
            wrong.push(format!("{}\n  table {}\n  found {found}", row.0, row.3));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{}",
        KINDS.join(" "),
        wrong.join("\n")
    );
}
