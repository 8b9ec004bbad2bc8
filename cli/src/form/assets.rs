//! What the browser loads: built from `form/`, committed there, and part of the command.

use super::gate::Nonce;
use axum::Extension;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// The page; `NONCE` stands in the place of a word that changes with each answer.
const INDEX: &str = include_str!("../../../form/dist/index.html");

/// What the page asks for, by its name.
const ASSETS: [(&str, &str, &[u8]); 3] = [
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../../form/dist/app.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../../../form/dist/icon.svg")),
    ("licences.txt", "text/plain; charset=utf-8", include_bytes!("../../../form/dist/licences.txt")),
];

/// The page itself.
pub(crate) async fn index(Extension(nonce): Extension<Nonce>) -> Html<String> {
    Html(INDEX.replace("NONCE", &nonce.0))
}

/// A file of the page.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, bytes)) => ([(header::CONTENT_TYPE, *kind)], *bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
