//! casbin, with the model of its own documentation for roles: a policy for each grant and each owner, a grouping for each membership. All of
//! it is in memory, which is in its favour.

use casbin::prelude::*;

use crate::relations::{Level, Question, Relations, To};

const MODEL: &str = r#"
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && (r.act == p.act || p.act == "write") && g(r.sub, p.sub)
"#;

fn word(level: Level) -> String {
    match level {
        Level::Read => "read".to_owned(),
        Level::Write => "write".to_owned(),
    }
}

fn person(person: usize) -> String {
    format!("p{person}")
}

fn named(to: To) -> String {
    match to {
        To::Person(id) => person(id),
        To::Workgroup(workgroup) => format!("w{workgroup}"),
    }
}

pub async fn filled(relations: &Relations) -> Enforcer {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut enforcer = Enforcer::new(model, MemoryAdapter::default())
        .await
        .unwrap();
    let mut policies = Vec::new();
    for item in 0..relations.items {
        let owner = To::Person(relations.owner(item));
        let mut grants = relations.grants_on(item).to_vec();
        // The owner's may be there already.
        if !grants.contains(&(owner, Level::Write)) {
            grants.push((owner, Level::Write));
        }
        let line = |(to, level)| vec![named(to), format!("i{item}"), word(level)];
        policies.extend(grants.into_iter().map(line));
    }
    assert!(enforcer.add_policies(policies).await.unwrap());
    let member = |id: usize| {
        let workgroups = relations.workgroups_of(id).into_iter();
        workgroups.map(move |workgroup| vec![person(id), named(To::Workgroup(workgroup))])
    };
    let members = (0..relations.people).flat_map(member).collect();
    assert!(enforcer.add_grouping_policies(members).await.unwrap());
    enforcer
}

pub fn request(question: Question) -> (String, String, String) {
    (
        person(question.person),
        format!("i{}", question.item),
        word(question.wants),
    )
}
