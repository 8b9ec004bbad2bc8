//! What the service says of one item: each of them has its own success, whatever the HTTP status.

use crate::xml::{Content, Node};
use postkontor_plugin::{Error, printable};
use std::time::Duration;

/// The element that holds a message as the service writes it.
pub(crate) const MIME: &str = "MimeContent";

/// The most characters of the service's words.
const WORDS: usize = 500;

/// The response for one item of a request, or the fault of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// The service did it. A warning is a success.
    pub(crate) is_success: bool,
    /// `NoError`, or what was wrong.
    pub(crate) code: String,
    /// The service's words.
    pub(crate) text: String,
    /// How long the service wants not to be asked.
    pub(crate) back_off: Option<Duration>,
    /// The whole.
    pub(crate) node: Node,
}

/// What becomes of the responses to a request.
pub(crate) trait Take: Content {
    /// Takes the response for the next item; whether the following ones are wanted.
    fn message(&mut self, message: Message) -> Result<bool, Error>;
}

impl Message {
    /// A response message.
    pub(crate) fn of(node: Node) -> Message {
        let code = node.text_of("ResponseCode").trim().to_owned();
        let is_success = match node.attribute("ResponseClass") {
            Some("Success") => true,
            Some("Warning") => code == "NoError" || code.is_empty(),
            _ => false,
        };
        let text = words(node.text_of("MessageText"));
        Message { is_success, code, text, back_off: back_off(&node), node }
    }

    /// A fault: its own code stands in the detail; without one it is no fault of Exchange's.
    pub(crate) fn of_fault(node: Node) -> Message {
        let detail = node.find("detail");
        let told = detail.map(|detail| detail.text_of("ResponseCode").trim()).filter(|code| !code.is_empty());
        // What is wrong with the request itself stands in the fault's code only: `a:ErrorSchemaValidation`.
        let fault_code = node.text_of("faultcode").rsplit(':').next().unwrap_or_default().trim();
        let code = told.unwrap_or(fault_code).to_owned();
        let text = detail.map(|detail| detail.text_of("Message")).filter(|text| !text.is_empty());
        let text = words(text.unwrap_or_else(|| node.text_of("faultstring")));
        Message { is_success: false, code, text, back_off: back_off(&node), node }
    }

    /// The only item in it, whatever its kind: message, meeting request, report.
    pub(crate) fn item(&self) -> Option<&Node> {
        self.node.find("Items").and_then(|items| items.children.first())
    }
}

fn words(text: &str) -> String {
    printable(text.trim()).chars().take(WORDS).collect()
}

/// `<t:MessageXml><t:Value Name="BackOffMilliseconds">5000</t:Value></t:MessageXml>`
fn back_off(node: &Node) -> Option<Duration> {
    let values = &node.find("MessageXml")?.children;
    let value = values.iter().find(|value| value.attribute("Name") == Some("BackOffMilliseconds"))?;
    value.text.trim().parse().ok().map(Duration::from_millis)
}

/// Responses that are small enough to be held.
#[derive(Default)]
pub(crate) struct Held(pub(crate) Vec<Message>);

impl Content for Held {
    fn take(&mut self, _bytes: &[u8]) -> Result<(), Error> {
        Ok(())
    }
}

impl Take for Held {
    fn message(&mut self, message: Message) -> Result<bool, Error> {
        self.0.push(message);
        Ok(true)
    }
}
