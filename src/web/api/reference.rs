//! The API described: the OpenAPI document, and pages made of it that need no script and no other host.

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use crate::web::App;

/// The document, the reference made of it, and what the codes of problems mean.
pub fn router() -> Router<App> {
    let document = super::document();
    let json = document.to_pretty_json().unwrap_or_default();
    let described = serde_json::to_value(&document).unwrap_or_default();
    let reference = page(&Reference::of(&described));
    let problems = page(&Problems::of(PROBLEMS));
    Router::new()
        .route(
            &format!("{}/openapi.json", super::PREFIX),
            get(async || typed("application/json", json)),
        )
        .route("/api/docs", get(async || reference))
        .route("/api/docs.css", get(async || typed("text/css", STYLE)))
        .route("/docs/problems", get(async || problems))
}

const STYLE: &str = include_str!("../../../templates/reference.css");
const PROBLEMS: &str = include_str!("../../../docs/problems.md");

fn typed(kind: &'static str, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[derive(Clone)]
struct Page(Result<String, StatusCode>);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(html) => Html(html).into_response(),
            Err(status) => status.into_response(),
        }
    }
}

fn page(template: &impl Template) -> Page {
    let odd = |_| StatusCode::INTERNAL_SERVER_ERROR;
    Page(template.render().map_err(odd))
}

// ---- the reference ----

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference {
    title: String,
    description: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

struct Group {
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Field>,
    body: Option<Kind>,
    answers: Vec<Answer>,
}

struct Answer {
    status: String,
    description: String,
    body: Option<Kind>,
}

struct Schema {
    name: String,
    description: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    kind: Kind,
    required: bool,
    description: String,
}

/// What a value is, in words; `link` where another schema says more.
struct Kind {
    words: String,
    link: Option<String>,
}

/// Words with what stands between backticks set as code, safe to stand in a page.
fn rich(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (n, part) in text.split('`').enumerate() {
        match n {
            0 => {}
            n if n % 2 == 1 => html.push_str("<code>"),
            _ => html.push_str("</code>"),
        }
        for c in part.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                c => html.push(c),
            }
        }
    }
    html
}

/// A field, or null where there is none.
fn at<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn each(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Kind {
    fn of(schema: &Value) -> Self {
        if let Some(reference) = at(schema, "$ref").as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
            return Self {
                words: name.clone(),
                link: Some(name),
            };
        }
        let nullable = |one: &&Value| *at(one, "type") != "null";
        if let Some(one) = list(at(schema, "oneOf")).find(nullable) {
            return Self::of(one);
        }
        let words = match at(schema, "type") {
            Value::String(word) => word.clone(),
            several => list(several)
                .filter_map(Value::as_str)
                .find(|word| *word != "null")
                .unwrap_or("anything")
                .to_owned(),
        };
        if words == "array" {
            let of = Self::of(at(schema, "items"));
            return Self {
                words: format!("list of {}", of.words),
                link: of.link,
            };
        }
        let link = None;
        Self { words, link }
    }

    fn in_content(holder: &Value) -> Option<Self> {
        let (_, content) = each(at(holder, "content")).next()?;
        Some(Self::of(at(content, "schema")))
    }
}

impl Reference {
    fn of(document: &Value) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (path, item) in each(at(document, "paths")) {
            for (method, operation) in each(item) {
                let name = text(list(at(operation, "tags")).next().unwrap_or(&Value::Null));
                let found = Operation::of(path, method, operation);
                match groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => group.operations.push(found),
                    None => groups.push(Group {
                        name,
                        operations: vec![found],
                    }),
                }
            }
        }
        let schemas = each(at(at(document, "components"), "schemas"));
        Self {
            title: text(at(at(document, "info"), "title")),
            description: text(at(at(document, "info"), "description"))
                .split("\n\n")
                .map(rich)
                .collect(),
            groups,
            schemas: schemas
                .map(|(name, schema)| Schema::of(name, schema))
                .collect(),
        }
    }
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = list(at(operation, "parameters")).map(|parameter| Field {
            name: text(at(parameter, "name")),
            kind: Kind::of(at(parameter, "schema")),
            required: *at(parameter, "required") == true,
            description: rich(&text(at(parameter, "description"))),
        });
        let answers = each(at(operation, "responses")).map(|(status, answer)| Answer {
            status: status.clone(),
            description: rich(&text(at(answer, "description"))),
            body: Kind::in_content(answer),
        });
        let id = path.trim_start_matches('/').replace(['/', '{', '}'], "-");
        Self {
            id: format!("{method}-{id}"),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(at(operation, "summary"))
                .trim_end_matches('.')
                .to_owned(),
            description: rich(&text(at(operation, "description"))),
            parameters: parameters.collect(),
            body: Kind::in_content(at(operation, "requestBody")),
            answers: answers.collect(),
        }
    }
}

impl Schema {
    fn of(name: &str, schema: &Value) -> Self {
        let required = |name: &str| list(at(schema, "required")).any(|one| one == name);
        let fields = each(at(schema, "properties")).map(|(name, field)| Field {
            name: name.clone(),
            kind: Kind::of(field),
            required: required(name),
            description: rich(&text(at(field, "description"))),
        });
        Self {
            name: name.to_owned(),
            description: rich(&text(at(schema, "description"))),
            fields: fields.collect(),
        }
    }
}

// ---- problems ----

#[derive(Template)]
#[template(path = "problems.html")]
struct Problems {
    introduction: Vec<String>,
    codes: Vec<Described>,
}

struct Described {
    code: String,
    paragraphs: Vec<String>,
}

impl Problems {
    /// The text is written plainly: a head line, paragraphs, and one `## code` for each code.
    fn of(text: &str) -> Self {
        let plain = |text: &str| -> Vec<String> {
            let paragraphs = text
                .split("\n\n")
                .map(|one| rich(&one.trim().replace('\n', " ")));
            let kept = paragraphs.filter(|one| !one.is_empty() && !one.starts_with("# "));
            kept.collect()
        };
        let mut parts = text.split("\n## ");
        let introduction = plain(parts.next().unwrap_or_default());
        let codes = parts.map(|part| {
            let (code, rest) = part.split_once('\n').unwrap_or((part, ""));
            Described {
                code: code.trim().to_owned(),
                paragraphs: plain(rest),
            }
        });
        Self {
            introduction,
            codes: codes.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::refusal::Code;
    use crate::web::problem::{Edge, status_of};

    #[test]
    fn every_code_is_documented_with_its_status() {
        let domain = Code::ALL
            .iter()
            .map(|code| (code.as_str(), status_of(*code)));
        let edge = Edge::ALL.iter().map(|edge| (edge.code(), edge.status()));
        let there: BTreeSet<String> = domain
            .chain(edge)
            .map(|(code, status)| format!("{code} {}", status.as_u16()))
            .collect();
        let described = Problems::of(PROBLEMS).codes.into_iter().map(|described| {
            let first = described.paragraphs.first().cloned().unwrap_or_default();
            let status: String = first.chars().take_while(char::is_ascii_digit).collect();
            format!("{} {status}", described.code)
        });
        assert_eq!(described.collect::<BTreeSet<_>>(), there);
    }

    #[test]
    fn the_reference_is_a_page() {
        let described = serde_json::to_value(crate::web::api::document()).unwrap();
        let reference = Reference::of(&described).render().unwrap();
        assert!(
            !reference.contains("<script") && !reference.contains("http"),
            "{reference}"
        );
        insta::assert_snapshot!("reference", reference);
        let text = described.to_string();
        let nowhere: Vec<&str> = text
            .split("\"#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|name| described["components"]["schemas"][name].is_null())
            .collect();
        assert!(nowhere.is_empty(), "described nowhere: {nowhere:?}");
        insta::assert_snapshot!("problems", Problems::of(PROBLEMS).render().unwrap());
    }
}
