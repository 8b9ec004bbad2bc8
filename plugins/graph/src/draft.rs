//! A message as properties, for what is too large to go as MIME, and for a mail of which no copy shall stay.

use postkontor_plugin::exchange::{Attachment, Fields, Outline, Person};
use postkontor_plugin::serde_json::{Map, Value, json};
use postkontor_plugin::{Mail, Notify};

/// The service takes so many header fields of one's own by the front door; the others are extended properties.
const OWN_FIELDS: usize = 5;

/// The longest value of such a field.
const VALUE: usize = 990;

/// The property set of header fields (PS_INTERNET_HEADERS).
const INTERNET_HEADERS: &str = "{00020386-0000-0000-C000-000000000046}";

/// The properties of a message with these headers, which name its recipients but for the hidden ones.
pub(crate) fn properties(fields: &[u8], hidden: &[String], outline: &Outline, mail: &Mail) -> Map<String, Value> {
    let fields = Fields::read(fields);
    let mut properties = Map::new();
    let mut set = |name: &str, value: Value| {
        properties.insert(name.to_owned(), value);
    };
    set("subject", fields.text("Subject").into());
    let (kind, content) =
        outline.text.as_ref().map_or(("text", ""), |text| (if text.is_html { "html" } else { "text" }, text.text.as_str()));
    set("body", json!({"contentType": kind, "content": content}));
    set("toRecipients", recipients(&fields.people("To")));
    set("ccRecipients", recipients(&fields.people("Cc")));
    let hidden = hidden.iter().map(|address| json!({"emailAddress": {"address": address}}));
    set("bccRecipients", hidden.collect::<Vec<Value>>().into());
    set("replyTo", recipients(&fields.people("Reply-To")));
    if let Some(from) = fields.people("From").first() {
        set("from", recipient(from));
    }
    if !mail.message_id.is_empty() {
        set("internetMessageId", format!("<{}>", mail.message_id).into());
    }
    set("importance", importance(&fields).into());
    set("isReadReceiptRequested", (!fields.raw("Disposition-Notification-To").is_empty()).into());
    let is_asked_for = mail.dsn.as_ref().is_some_and(|dsn| dsn.notify.contains(&Notify::Success));
    set("isDeliveryReceiptRequested", is_asked_for.into());
    let (own, extended) = fields_of_its_own(&fields);
    if !own.is_empty() {
        set("internetMessageHeaders", own.into());
    }
    if !extended.is_empty() {
        set("singleValueExtendedProperties", extended.into());
    }
    properties
}

/// The properties of an attachment.
pub(crate) fn attachment(attachment: &Attachment) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert("name".to_owned(), attachment.name.as_str().into());
    properties.insert("contentType".to_owned(), attachment.leaf.media_type.as_str().into());
    properties.insert("isInline".to_owned(), attachment.is_inline.into());
    if let Some(id) = &attachment.leaf.content_id {
        properties.insert("contentId".to_owned(), id.as_str().into());
    }
    properties
}

fn recipients(people: &[Person]) -> Value {
    people.iter().map(recipient).collect::<Vec<Value>>().into()
}

fn recipient(person: &Person) -> Value {
    match &person.name {
        Some(name) => json!({"emailAddress": {"name": name, "address": person.address}}),
        None => json!({"emailAddress": {"address": person.address}}),
    }
}

fn importance(fields: &Fields<'_>) -> &'static str {
    let (importance, priority) = (fields.text("Importance").to_ascii_lowercase(), fields.text("X-Priority"));
    match (importance.as_str(), priority.as_bytes().first()) {
        ("high", _) | ("", Some(b'1' | b'2')) => "high",
        ("low", _) | ("", Some(b'4' | b'5')) => "low",
        _ => "normal",
    }
}

/// Header fields that have no property: those that begin with `X-`, and what connects an answer with its question.
fn fields_of_its_own(fields: &Fields<'_>) -> (Vec<Value>, Vec<Value>) {
    let (mut own, mut extended) = (Vec::new(), Vec::new());
    for (field, value) in fields.each() {
        let value = value.split_whitespace().collect::<Vec<&str>>().join(" ");
        let value: String = value.chars().take(VALUE).collect();
        let property = match field.to_ascii_lowercase().as_str() {
            "in-reply-to" => "String 0x1042".to_owned(),
            "references" => "String 0x1039".to_owned(),
            name if name.starts_with("x-") && own.len() < OWN_FIELDS => {
                own.push(json!({"name": field, "value": value}));
                continue;
            }
            name if name.starts_with("x-") => format!("String {INTERNET_HEADERS} Name {field}"),
            _ => continue,
        };
        extended.push(json!({"id": property, "value": value}));
    }
    (own, extended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::exchange::Text;

    #[test]
    fn headers_become_properties() {
        let fields = "From: =?utf-8?Q?J=C3=BCrgen?= <j@x>\r\nTo: \"B, b\" <b@x>, c@x\r\nReply-To: r@x\r\nSubject: =?utf-8?Q?R=C3=BCck?=\r\n\
            In-Reply-To: <1@x>\r\nX-Priority: 1 (Highest)\r\nDisposition-Notification-To: j@x\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\nX-D: 4\r\nX-E: a\r\n b\r\n";
        let outline = Outline { text: Some(Text { is_html: true, text: "<p>".to_owned() }), ..Outline::default() };
        let mail = Mail { message_id: "2@x".to_owned(), ..Mail::default() };
        let properties = Value::Object(properties(fields.as_bytes(), &["h@x".to_owned()], &outline, &mail));
        assert_eq!(properties["subject"], "Rück");
        assert_eq!(properties["from"], json!({"emailAddress": {"name": "Jürgen", "address": "j@x"}}));
        assert_eq!(properties["toRecipients"][0], json!({"emailAddress": {"name": "B, b", "address": "b@x"}}));
        assert_eq!(properties["toRecipients"][1], json!({"emailAddress": {"address": "c@x"}}));
        assert_eq!(properties["bccRecipients"], json!([{"emailAddress": {"address": "h@x"}}]));
        assert_eq!(properties["body"], json!({"contentType": "html", "content": "<p>"}));
        assert_eq!((&properties["internetMessageId"], &properties["importance"]), (&json!("<2@x>"), &json!("high")));
        assert_eq!(properties["isReadReceiptRequested"], true);
        assert_eq!(properties["internetMessageHeaders"].as_array().unwrap().len(), OWN_FIELDS);
        let extended = properties["singleValueExtendedProperties"].as_array().unwrap();
        assert_eq!(extended[0], json!({"id": "String 0x1042", "value": "<1@x>"}));
        assert_eq!(extended[1], json!({"id": format!("String {INTERNET_HEADERS} Name X-E"), "value": "a b"}));
    }
}
