//! What the page hears of a call while it runs: server-sent events.

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use serde_json::Value;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often a line goes to a page that hears nothing, so that one that has gone is noticed.
const PULSE: Duration = Duration::from_secs(2);

/// Tells the page something.
#[derive(Clone)]
pub(crate) struct Teller(UnboundedSender<Event>);

impl Teller {
    /// Tells of an event. A page that has gone hears nothing; its call is ended from the other side.
    pub(crate) fn tell(&self, event: &str, data: &Value) {
        drop(self.0.send(Event::default().event(event).data(data.to_string())));
    }
}

/// The events of a call; `held` is dropped when the page has gone or has heard all.
struct Events<T> {
    receiver: UnboundedReceiver<Event>,
    _held: T,
}

impl<T: Unpin> Stream for Events<T> {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context).map(|event| event.map(Ok))
    }
}

/// An answer that tells of events until the teller and its copies are gone.
pub(crate) fn stream<T: Unpin + Send + 'static>(held: T) -> (Teller, Response) {
    let (sender, receiver) = unbounded_channel();
    let events = Sse::new(Events { receiver, _held: held }).keep_alive(KeepAlive::new().interval(PULSE));
    (Teller(sender), events.into_response())
}

/// An answer without events that ends only when the page has gone.
pub(crate) fn open<T: Unpin + Send + 'static>(held: T) -> Response {
    let (sender, receiver) = unbounded_channel();
    // The stream holds its own sender, so it has no end.
    Sse::new(Events { receiver, _held: (held, sender) }).keep_alive(KeepAlive::new().interval(PULSE)).into_response()
}
