//! The server of the page.

use super::calls::{self, Asked};
use super::gate::{self, Gate};
use super::pages::Pages;
use super::session::{Checking, Given, Saving, Session};
use super::{assets, events};
use crate::arguments::Options;
use crate::callbacks::Trace;
use crate::stop::Stop;
use crate::texts::Texts;
use axum::extract::{DefaultBodyLimit, Json, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use postkontor_core::{Error, Status};
use serde_json::{Value, json};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How large a request of the page may be: a settings document of the largest size, and what stands around it.
const REQUEST_LIMIT: usize = 5 * 1024 * 1024;

/// How often a signal to end is looked for.
const GLANCE: Duration = Duration::from_millis(100);

/// Serves the page until its last tab has been closed, or until a signal.
pub(crate) fn serve(file: &Path, options: &Options, texts: &Texts, trace: Trace, stop: &Stop) -> Result<(), Error> {
    let session = Arc::new(Session::open(file, options, texts, trace)?);
    stop.listen()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| local(&error))?;
    runtime.block_on(listen(session, options, texts, stop)).map_err(|error| local(&error))
}

async fn listen(session: Arc<Session>, options: &Options, texts: &Texts, stop: &Stop) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let gate = Gate::new(listener.local_addr()?.port())?;
    let mut out = std::io::stdout().lock();
    match options.json {
        true => writeln!(out, "{}", json!({"url": gate.address()}))?,
        false => writeln!(out, "{}", texts.word("cli.form_at").replace("{url}", &gate.address()))?,
    }
    out.flush()?;
    drop(out);
    let pages = Pages::default();
    let app = routes(session, &gate, pages.clone());
    tokio::select! {
        ended = axum::serve(listener, app) => ended,
        () = pages.all_closed() => Ok(()),
        () = stopped(stop) => Ok(()),
    }
}

async fn stopped(stop: &Stop) {
    while !stop.is_set() {
        tokio::time::sleep(GLANCE).await;
    }
}

fn routes(session: Arc<Session>, gate: &Gate, pages: Pages) -> Router {
    let page = Router::new()
        .route("/{asset}", get(assets::asset))
        .route("/api/alive", get(alive))
        .route("/api/forms", post(forms))
        .route("/api/document", post(document))
        .route("/api/check", post(check))
        .route("/api/save", post(save))
        .route("/api/call", post(call))
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
        .layer(Extension(pages))
        .with_state(session);
    // Its end is part of the page's address: the names in it are relative.
    let index = format!("{}/", gate.prefix());
    Router::new().route(&index, get(assets::index)).nest(gate.prefix(), page).layer(from_fn_with_state(gate.clone(), gate::guard))
}

/// Stays open as long as the page does.
async fn alive(Extension(pages): Extension<Pages>) -> Response {
    events::open(pages.opened())
}

async fn forms(State(session): State<Arc<Session>>, Json(asked): Json<Given>) -> Json<Value> {
    work(move || session.forms(&asked)).await
}

async fn document(State(session): State<Arc<Session>>) -> Json<Value> {
    work(move || session.document()).await
}

async fn check(State(session): State<Arc<Session>>, Json(asked): Json<Checking>) -> Json<Value> {
    work(move || session.check(asked)).await
}

async fn save(State(session): State<Arc<Session>>, Json(asked): Json<Saving>) -> Json<Value> {
    work(move || session.save(asked)).await
}

async fn call(State(session): State<Arc<Session>>, Json(asked): Json<Asked>) -> Response {
    calls::run(session, asked)
}

/// The answer to the page. An error is one, too: the browser would write a status of HTTP into its console.
async fn work(answer: impl FnOnce() -> Result<Value, Error> + Send + 'static) -> Json<Value> {
    let answer = tokio::task::spawn_blocking(answer).await;
    Json(match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => json!({ "error": error }),
        Err(panic) => json!({"error": Error::new(Status::Internal, "cli.panicked").detail(panic.to_string())}),
    })
}

fn local(error: &std::io::Error) -> Error {
    Error::new(Status::Local, "cli.form_unserved").arg("cause", error.to_string())
}
