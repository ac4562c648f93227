//! The HTTP service in front of the tables.

use std::net::SocketAddr;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use serde::{Deserialize, Serialize};
use tokio_postgres::NoTls;
use uuid::Uuid;

use super::transactions::{self, Problem};

/// Who asks. A real service would look a token up; not doing so is in PostgreSQL's favour.
pub const PERSON: &str = "x-person";

#[derive(Serialize, Deserialize)]
pub struct Introduction {
    pub email: String,
    pub usage: i64,
    pub quota: i64,
}

#[derive(Serialize, Deserialize)]
pub struct Registration {
    pub name: String,
    pub size: i64,
}

#[derive(Serialize, Deserialize)]
pub struct OfferRequest {
    pub item: Uuid,
    pub recipient: String,
}

#[derive(Serialize, Deserialize)]
pub struct Acceptance {
    pub context: String,
}

#[derive(Serialize, Deserialize)]
pub struct Created {
    pub id: Uuid,
}

#[derive(Serialize, Deserialize)]
pub struct Owner {
    pub owner: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.sentence)).into_response()
    }
}

fn person(headers: &HeaderMap) -> Result<&str, Problem> {
    headers
        .get(PERSON)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| Problem {
            status: StatusCode::UNAUTHORIZED,
            sentence: format!("say who asks in the header {PERSON}"),
        })
}

async fn introduce(
    State(pool): State<Pool>,
    Json(body): Json<Introduction>,
) -> Result<StatusCode, Problem> {
    transactions::introduce(&mut pool.get().await?, &body.email, body.usage, body.quota).await?;
    Ok(StatusCode::CREATED)
}

async fn register(
    State(pool): State<Pool>,
    headers: HeaderMap,
    Json(body): Json<Registration>,
) -> Result<Json<Created>, Problem> {
    let owner = person(&headers)?;
    let id = transactions::register(&mut pool.get().await?, owner, &body.name, body.size).await?;
    Ok(Json(Created { id }))
}

async fn owner(State(pool): State<Pool>, Path(item): Path<Uuid>) -> Result<Json<Owner>, Problem> {
    Ok(Json(Owner {
        owner: transactions::owner(&mut pool.get().await?, item).await?,
    }))
}

async fn offer(
    State(pool): State<Pool>,
    headers: HeaderMap,
    Json(body): Json<OfferRequest>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let sender = person(&headers)?;
    let id =
        transactions::offer(&mut pool.get().await?, body.item, sender, &body.recipient).await?;
    Ok((StatusCode::CREATED, Json(Created { id })))
}

async fn accept(
    State(pool): State<Pool>,
    headers: HeaderMap,
    Path(transfer): Path<Uuid>,
    Json(body): Json<Acceptance>,
) -> Result<StatusCode, Problem> {
    let recipient = person(&headers)?;
    if body.context != "personal" {
        let sentence = format!("no context {}; name \"personal\"", body.context);
        return Err(Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            sentence,
        });
    }
    transactions::accept(&mut pool.get().await?, transfer, recipient).await?;
    Ok(StatusCode::OK)
}

/// Creates the tables in an empty database and serves until the process is told to stop.
///
/// # Errors
/// When the database cannot be reached or the address is taken.
pub async fn serve(
    address: SocketAddr,
    database: &str,
    connections: usize,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let config: tokio_postgres::Config = database.parse()?;
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
        .max_size(connections)
        .build()?;
    pool.get()
        .await?
        .batch_execute(include_str!("schema.sql"))
        .await?;
    let app = Router::new()
        .route("/people", post(introduce))
        .route("/items", post(register))
        .route("/items/{id}", get(owner))
        .route("/transfers", post(offer))
        .route("/transfers/{id}/accept", post(accept))
        .with_state(pool);
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))),
        app,
    )
    .await?;
    Ok(())
}
