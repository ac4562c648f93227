//! What goes wrong, as RFC 9457 tells it: one table from code to status, one shape of the answer.
//!
//! A handler answers with a [`Failure`]; the door, which knows the id of the request and whether a program or a browser asks,
//! writes it out.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::actors::world::Trouble;
use crate::domain::refusal::{Code, Findings, Refusal};
use crate::domain::said::{Said, said};
use crate::store::Fault;
use crate::wire;

use super::{attempt, catalogue, language};

/// Problems that only the door knows: the domain was not asked, or could not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// There is nothing at this path.
    RouteNotFound,
    /// There is something, but not for this method.
    MethodNotAllowed,
    /// The request cannot be read.
    Malformed,
    /// The body is larger than the site allows.
    TooLarge,
    /// The body is not of the type that is taken here.
    MediaType,
    /// It took longer than the site allows.
    TimedOut,
    /// Too many requests are in flight.
    Overloaded,
    /// The world failed, and a retry may help.
    Unavailable,
    /// The world failed, and a retry does not help.
    Broken,
}

impl Edge {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::Malformed,
        Self::TooLarge,
        Self::MediaType,
        Self::TimedOut,
        Self::Overloaded,
        Self::Unavailable,
        Self::Broken,
    ];

    /// As programs see it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RouteNotFound => "route.not_found",
            Self::MethodNotAllowed => "route.method_not_allowed",
            Self::Malformed => "request.malformed",
            Self::TooLarge => "request.too_large",
            Self::MediaType => "request.media_type",
            Self::TimedOut => "request.timed_out",
            Self::Overloaded => "service.overloaded",
            Self::Unavailable => "service.unavailable",
            Self::Broken => "service.broken",
        }
    }

    /// Its status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::RouteNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TimedOut | Self::Overloaded | Self::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The status of each refusal.
pub const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NotSignedIn => StatusCode::UNAUTHORIZED,
        Code::ScopeMissing
        | Code::RegistrationClosed
        | Code::ItemForbidden
        | Code::TransferForbidden
        | Code::RecipientNotAMember
        | Code::InvitationForbidden
        | Code::WorkgroupForbidden
        | Code::WorkgroupNotAllowed
        | Code::AdministratorsOnly
        | Code::RecipientBlocked => StatusCode::FORBIDDEN,
        Code::ItemNotFound
        | Code::TransferNotFound
        | Code::InvitationNotFound
        | Code::LinkNotFound
        | Code::AccessNotFound
        | Code::WorkgroupNotFound
        | Code::MoveNotFound
        | Code::MailNotFound
        | Code::MemberNotFound
        | Code::PersonNotFound => StatusCode::NOT_FOUND,
        Code::TooMany | Code::RecipientLetters => StatusCode::TOO_MANY_REQUESTS,
        Code::RequestInvalid
        | Code::CodeWrong
        | Code::ItemsMixedContexts
        | Code::RecipientUnknown
        | Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::ItemTrashed
        | Code::ItemContainsTrash
        | Code::MailNotNow
        | Code::ItemArchived
        | Code::ItemPendingTransfer
        | Code::ItemInUse
        | Code::ItemDefaultProject
        | Code::ItemExists
        | Code::SenderOverQuota
        | Code::SenderOpenOffers
        | Code::RecipientNoAccount
        | Code::TargetOverQuota
        | Code::DomainNotCollaborative
        | Code::DomainNoWayOut
        | Code::TransferRequested
        | Code::TransferPending
        | Code::TransferExpired
        | Code::TransferCancelled
        | Code::TransferDeclined
        | Code::TransferAccepted
        | Code::InvitationPending
        | Code::InvitationExpired
        | Code::InvitationCancelled
        | Code::InvitationDeclined
        | Code::InvitationAccepted
        | Code::LinkClosed
        | Code::ItemShared
        | Code::ItemState
        | Code::WorkgroupExists
        | Code::WorkgroupNotEmpty
        | Code::MemberLast
        | Code::MemberAlready
        | Code::AccountNotEmpty
        | Code::ApprovalNeeded
        | Code::MoveEnded
        | Code::ResendTooSoon
        | Code::Contended => StatusCode::CONFLICT,
    }
}

/// A guard as programs see it, or the reader of a page.
pub fn guard(refusal: Refusal) -> wire::Guard {
    wire::Guard {
        code: refusal.code.as_str().to_owned(),
        about: refusal.about,
        sentence: told(&refusal.sentence),
        next_step: told(&refusal.next_step),
    }
}

/// A program is told in English, a person in the language of the page.
pub fn told(said: &Said) -> String {
    match language::of_request() {
        None => said.english(),
        Some(language) => catalogue::say(said, language),
    }
}

/// Several of them.
pub fn guards(refusals: Vec<Refusal>) -> Vec<wire::Guard> {
    refusals.into_iter().map(guard).collect()
}

/// What is told about a request that was not answered as asked.
#[derive(Debug)]
pub struct Told {
    status: StatusCode,
    code: &'static str,
    /// Never empty.
    guards: Vec<wire::Guard>,
    retry_after_s: Option<u64>,
    fault: Option<Fault>,
}

impl Told {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
    /// The code of the first guard.
    pub fn code(&self) -> &'static str {
        self.code
    }
    /// Everything that applies, in the order of precedence.
    pub fn guards(&self) -> &[wire::Guard] {
        &self.guards
    }
    /// What is the matter, first of all.
    pub fn sentence(&self) -> &str {
        self.guards.first().map_or("", |guard| &guard.sentence)
    }
    /// What to do about it.
    pub fn next_step(&self) -> &str {
        self.guards.first().map_or("", |guard| &guard.next_step)
    }
    /// What failed, for the operators; nothing of it is told.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// As a program is told.
    pub fn problem(&self, request_id: Option<&str>) -> wire::Problem {
        wire::Problem {
            kind: format!("/docs/problems#{}", self.code),
            title: self.sentence().to_owned(),
            status: self.status.as_u16(),
            detail: self.next_step().to_owned(),
            code: self.code.to_owned(),
            request_id: request_id.map(str::to_owned),
            guards: self.guards.clone(),
        }
    }

    /// As a program is told, written out.
    pub fn to_json(&self, request_id: Option<&str>) -> Body {
        serde_json::to_vec(&self.problem(request_id))
            .unwrap_or_default()
            .into()
    }
}

/// Why a request is not answered as asked.
#[derive(Debug)]
pub struct Failure(Box<Told>);

impl Failure {
    /// A problem of the door's own.
    pub fn edge(edge: Edge, sentence: impl Into<Said>, next_step: impl Into<Said>) -> Self {
        Self(Box::new(Told {
            status: edge.status(),
            code: edge.code(),
            guards: vec![wire::Guard {
                code: edge.code().to_owned(),
                about: None,
                sentence: told(&sentence.into()),
                next_step: told(&next_step.into()),
            }],
            retry_after_s: None,
            fault: None,
        }))
    }

    /// The same, with when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// What is told.
    pub fn told(&self) -> &Told {
        &self.0
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let mut failure = if fault.retry {
            Self::edge(
                Edge::Unavailable,
                said!("the service cannot do this just now"),
                "try again in a moment; with the same Idempotency-Key nothing is done twice",
            )
            .retry_after(1)
        } else {
            Self::edge(
                Edge::Broken,
                said!("something is broken in this service"),
                "tell its operators the id of this request",
            )
        };
        failure.0.fault = Some(fault);
        failure
    }
}

impl From<Findings> for Failure {
    fn from(findings: Findings) -> Self {
        attempt::refused(&findings);
        let Some(first) = findings.blocks.first() else {
            return Fault::never("something was refused for no reason").into();
        };
        Self(Box::new(Told {
            status: status_of(first.code),
            code: first.code.as_str(),
            guards: guards(findings.blocks),
            retry_after_s: None,
            fault: None,
        }))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Findings::from(refusal).into()
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(findings) => findings.into(),
            Trouble::Fault(fault) => fault.into(),
        }
    }
}

/// Status and headers; the door writes the body, for it knows who asks.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Arc::<Told>::from(self.0));
        response
    }
}
