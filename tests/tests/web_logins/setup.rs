//! A client of the double, and what the double noted of it.

use postkontor_plugin::net::http::{Client, Content, Login, Request, Url};
use postkontor_plugin::net::{Pointers, Recorder};
use postkontor_plugin::settings::{Auth, Method, Route, WebTls};
use postkontor_plugin::{Call, Error, Secret};
use postkontor_tests::exchange::{Exchange, PASSWORD};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

const AT: Pointers = Pointers {
    host: "/exchange/url",
    port: "/exchange/url",
    timeout: "/server/timeout_seconds",
    proxy: "/server/proxy",
    mode: "/exchange/url",
};

/// GetFolder, with a comment that makes it as large as one likes.
fn get_folder(size: usize) -> String {
    let types = "http://schemas.microsoft.com/exchange/services/2006/types";
    let messages = "http://schemas.microsoft.com/exchange/services/2006/messages";
    let folder = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds>";
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:t=\"{types}\" xmlns:m=\"{messages}\"><!--{}--><s:Body>\
         <m:GetFolder>{folder}</m:GetFolder></s:Body></s:Envelope>",
        "x".repeat(size)
    )
}

pub(crate) fn auth(method: Method, user: &str) -> Auth {
    let password = if user.is_empty() { "" } else { PASSWORD };
    Auth { method, user: user.to_owned(), password: Secret::new(password), ..Auth::default() }
}

pub(crate) fn client(authority: &Path, port: u16, auth: &Auth) -> Client {
    let url = Url::parse(&format!("https://localhost:{port}/EWS/Exchange.asmx"), "/exchange/url").unwrap();
    let tls = WebTls { ca_file: Some(authority.display().to_string()), ..WebTls::default() };
    let mut client = Client::new(&url, &Route { timeout_seconds: 30, ..Route::default() }, &tls, AT);
    client.log_in_by(Login::new(auth).unwrap());
    client
}

/// Asks for the inbox by a request of about this size; its status.
pub(crate) fn ask(client: &mut Client, size: usize) -> Result<u16, Error> {
    let call = Call::new(&(), Instant::now() + Duration::from_secs(60));
    let body = get_folder(size);
    let target = client.url().target().to_owned();
    let request = Request::new("POST", &target).field("Content-Type", "text/xml; charset=utf-8");
    let request = request.content(Content::Bytes(body.as_bytes()));
    let mut answer = client.request(request, &call, &mut Recorder::on()).map_err(|interrupted| interrupted.error)?;
    answer.bytes(1 << 20, &call)?;
    Ok(answer.status())
}

/// What the double noted of the last request.
pub(crate) fn last(exchange: &Exchange) -> Value {
    exchange.log().unwrap().pop().unwrap()
}

pub(crate) fn demand(exchange: &Exchange, methods: &[&str], channel_binding: &str) {
    exchange.control("POST", "/options", &json!({"methods": methods, "channel_binding": channel_binding})).unwrap();
}
