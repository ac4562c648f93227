//! cedar-policy, as its own examples keep shared documents: three policies, and on each item its owner and the sets of those who read and
//! write it. All of it is in memory and every request is made beforehand, which is in its favour.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request, RestrictedExpression,
};

use crate::relations::{Level, Question, Relations, To};

const POLICIES: &str = r#"
permit(principal, action, resource) when { principal == resource.owner };
permit(principal, action == Action::"read", resource) when { principal in resource.readers };
permit(principal, action, resource) when { principal in resource.writers };
"#;

/// Everything it needs.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

fn uid(kind: &str, id: impl std::fmt::Display) -> EntityUid {
    let kind: EntityTypeName = kind.parse().unwrap();
    EntityUid::from_type_name_and_id(kind, EntityId::new(id.to_string()))
}

fn named(to: To) -> EntityUid {
    match to {
        To::Person(person) => uid("Person", person),
        To::Workgroup(workgroup) => uid("Workgroup", workgroup),
    }
}

impl Cedar {
    pub fn filled(relations: &Relations) -> Self {
        let people = (0..relations.people).map(|person| {
            let workgroups = relations.workgroups_of(person);
            let workgroups: HashSet<_> = workgroups.map(|id| uid("Workgroup", id)).into();
            Entity::new_no_attrs(uid("Person", person), workgroups)
        });
        let workgroups = 0..relations.workgroups;
        let workgroups =
            workgroups.map(|id| Entity::new_no_attrs(uid("Workgroup", id), HashSet::new()));
        let items = (0..relations.items).map(|item| {
            let given = |wanted: Level| {
                let grants = relations.grants_on(item).into_iter();
                let those = grants.filter(move |(_, level)| *level == wanted);
                RestrictedExpression::new_set(
                    those.map(|(to, _)| RestrictedExpression::new_entity_uid(named(to))),
                )
            };
            let owner = uid("Person", relations.owner(item));
            let attributes = HashMap::from([
                (
                    "owner".to_owned(),
                    RestrictedExpression::new_entity_uid(owner),
                ),
                ("readers".to_owned(), given(Level::Read)),
                ("writers".to_owned(), given(Level::Write)),
            ]);
            Entity::new(uid("Item", item), attributes, HashSet::new()).unwrap()
        });
        let all = people.chain(workgroups).chain(items);
        Self {
            authorizer: Authorizer::new(),
            policies: POLICIES.parse().unwrap(),
            entities: Entities::from_entities(all, None).unwrap(),
        }
    }

    pub fn request(&self, question: Question) -> Request {
        let action = match question.wants {
            Level::Read => uid("Action", "read"),
            Level::Write => uid("Action", "write"),
        };
        let (person, item) = (uid("Person", question.person), uid("Item", question.item));
        Request::new(person, action, item, Context::empty(), None).unwrap()
    }

    pub fn asked(&self, request: &Request) -> bool {
        let answer = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        answer.decision() == Decision::Allow
    }
}
