//! cedar-policy, as its own examples keep shared documents: three policies, and on each item its owner and the sets of those who read and
//! write it. It is asked in two ways. Once with the entities of the whole site in memory, made beforehand and never told of a change, which is in its
//! favour; and once as its documentation has it for relations that lie in a store: with the entities that the question is about, made for the
//! question. To fetch them is not measured, which is in its favour too. Every request is made beforehand.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

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

fn person(relations: &Relations, id: usize) -> Entity {
    let workgroups = relations.workgroups_of(id);
    let workgroups: HashSet<_> = workgroups.map(|id| uid(&WORKGROUP, id)).into();
    Entity::new_no_attrs(uid(&PERSON, id), workgroups)
}

fn workgroup(id: usize) -> Entity {
    Entity::new_no_attrs(uid(&WORKGROUP, id), HashSet::new())
}

fn item(relations: &Relations, id: usize) -> Entity {
    let given = |wanted: Level| {
        let grants = relations.grants_on(id).into_iter();
        let those = grants.filter(move |(_, level)| *level == wanted);
        RestrictedExpression::new_set(
            those.map(|(to, _)| RestrictedExpression::new_entity_uid(named(to))),
        )
    };
    let owner = uid(&PERSON, relations.owner(id));
    let attributes = HashMap::from([
        (
            "owner".to_owned(),
            RestrictedExpression::new_entity_uid(owner),
        ),
        ("readers".to_owned(), given(Level::Read)),
        ("writers".to_owned(), given(Level::Write)),
    ]);
    Entity::new(uid(&ITEM, id), attributes, HashSet::new()).unwrap()
}

/// A kind of entity, read once.
type Kind = LazyLock<EntityTypeName>;

static ACTION: Kind = LazyLock::new(|| "Action".parse().unwrap());
static ITEM: Kind = LazyLock::new(|| "Item".parse().unwrap());
static PERSON: Kind = LazyLock::new(|| "Person".parse().unwrap());
static WORKGROUP: Kind = LazyLock::new(|| "Workgroup".parse().unwrap());

fn uid(kind: &Kind, id: impl std::fmt::Display) -> EntityUid {
    EntityUid::from_type_name_and_id((**kind).clone(), EntityId::new(id.to_string()))
}

fn named(to: To) -> EntityUid {
    match to {
        To::Person(person) => uid(&PERSON, person),
        To::Workgroup(workgroup) => uid(&WORKGROUP, workgroup),
    }
}

impl Cedar {
    pub fn filled(relations: &Relations) -> Self {
        let people = (0..relations.people).map(|id| person(relations, id));
        let workgroups = (0..relations.workgroups).map(workgroup);
        let items = (0..relations.items).map(|id| item(relations, id));
        let all = people.chain(workgroups).chain(items);
        Self {
            authorizer: Authorizer::new(),
            policies: POLICIES.parse().unwrap(),
            entities: Entities::from_entities(all, None).unwrap(),
        }
    }

    pub fn request(&self, question: Question) -> Request {
        let action = match question.wants {
            Level::Read => uid(&ACTION, "read"),
            Level::Write => uid(&ACTION, "write"),
        };
        let (person, item) = (uid(&PERSON, question.person), uid(&ITEM, question.item));
        Request::new(person, action, item, Context::empty(), None).unwrap()
    }

    pub fn asked(&self, request: &Request) -> bool {
        let answer = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        answer.decision() == Decision::Allow
    }

    /// With the entities that the question is about and no others.
    pub fn asked_of_a_store(
        &self,
        relations: &Relations,
        (about, request): &(Question, Request),
    ) -> bool {
        let workgroups = relations.workgroups_of(about.person).map(workgroup);
        let item = item(relations, about.item);
        let all = [person(relations, about.person), item]
            .into_iter()
            .chain(workgroups);
        let entities = Entities::from_entities(all, None).unwrap();
        let answer = self
            .authorizer
            .is_authorized(request, &self.policies, &entities);
        answer.decision() == Decision::Allow
    }
}
