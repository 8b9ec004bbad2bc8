//! Getting a small file by HTTPS.

use crate::context::Context;
use postkontor_plugin::net::http::{Client, Content, Request, Url};
use postkontor_plugin::net::{Pointers, Recorder};
use postkontor_plugin::{Call, Error, Status};
use std::time::{Duration, Instant};

/// The most bytes of an answer.
pub(crate) const LIMIT: u64 = 256 * 1024;

/// How long one host may take; many domains have no such host, and some firewalls do not say so.
const EACH: Duration = Duration::from_secs(8);

/// Gets what is at a URL; nothing where there is nothing. A redirect within the host is followed, any other is an error.
pub(crate) fn get(url: &str, context: &Context, call: &Call) -> Result<Option<Vec<u8>>, Error> {
    let url = secure(url)?;
    request(&url, Request::new("GET", url.target()).field("Accept", "text/xml, application/xml, application/json;q=0.9"), context, call)
}

/// Sends a small XML document, and gets what is answered.
pub(crate) fn post_xml(url: &str, document: &str, context: &Context, call: &Call) -> Result<Option<Vec<u8>>, Error> {
    let url = secure(url)?;
    let request_ = Request::new("POST", url.target()).field("Content-Type", "text/xml; charset=utf-8");
    request(&url, request_.content(Content::Bytes(document.as_bytes())).repeatable(), context, call)
}

fn secure(url: &str) -> Result<Url, Error> {
    let url = Url::parse(url, "")?;
    if url.is_secure() { Ok(url) } else { Err(Error::new(Status::Protocol, "discover.not_secure").arg("host", url.host())) }
}

fn request(url: &Url, request: Request<'_>, context: &Context, call: &Call) -> Result<Option<Vec<u8>>, Error> {
    let call = call.until(Instant::now() + EACH);
    let mut client = Client::new(url, &context.route(), &context.tls(), Pointers::default());
    let mut response = client.request(request, &call, &mut Recorder::off()).map_err(|interrupted| interrupted.error)?;
    match response.status() {
        200 => response.bytes(LIMIT, &call).map(Some),
        301..=308 => {
            let there = response.location().map(|url| url.to_string()).unwrap_or_default();
            Err(Error::new(Status::Protocol, "discover.redirect_refused").arg("host", url.host()).arg("url", there))
        }
        _ => Ok(None),
    }
}
