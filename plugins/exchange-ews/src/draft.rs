//! A message as properties, for a draft that its attachments are put into.

use crate::xml::Writer;
use postkontor_plugin::Mail;
use postkontor_plugin::exchange::{Fields, Outline, Person};

/// What a draft is made of.
pub(crate) struct Draft<'d> {
    /// The headers, which name the recipients of the envelope.
    pub(crate) fields: &'d [u8],
    pub(crate) mail: &'d Mail,
    pub(crate) outline: &'d Outline,
}

/// Writes the request; the schema wants the properties in this order.
pub(crate) fn create_draft(xml: &mut Writer, draft: &Draft<'_>) {
    let fields = Fields::read(draft.fields);
    xml.group("m:CreateItem", &[("MessageDisposition", "SaveOnly")], |xml| {
        xml.group("m:SavedItemFolderId", &[], |xml| xml.empty("t:DistinguishedFolderId", &[("Id", "drafts")]));
        xml.group("m:Items", &[], |xml| xml.group("t:Message", &[], |xml| properties(xml, draft, &fields)));
    });
}

fn properties(xml: &mut Writer, draft: &Draft<'_>, fields: &Fields<'_>) {
    xml.text("t:Subject", &fields.text("Subject"));
    if let Some(text) = &draft.outline.text {
        xml.text_with("t:Body", &[("BodyType", if text.is_html { "HTML" } else { "Text" })], &text.text);
    }
    if let Some(importance) = importance(&fields.text("Importance"), &fields.text("X-Priority")) {
        xml.text("t:Importance", importance);
    }
    let in_reply_to = fields.raw("In-Reply-To");
    if !in_reply_to.is_empty() {
        xml.text("t:InReplyTo", &in_reply_to);
    }
    for (name, value) in fields.each().filter(|(name, _)| is_own(name)) {
        own_header(xml, name, &value);
    }
    people(xml, "t:ToRecipients", &fields.people("To"));
    people(xml, "t:CcRecipients", &fields.people("Cc"));
    people(xml, "t:BccRecipients", &fields.people("Bcc"));
    if !fields.raw("Disposition-Notification-To").is_empty() {
        xml.text("t:IsReadReceiptRequested", "true");
    }
    if let Some(from) = fields.people("From").first() {
        xml.group("t:From", &[], |xml| mailbox(xml, from));
    }
    if !draft.mail.message_id.is_empty() {
        xml.text("t:InternetMessageId", &format!("<{}>", draft.mail.message_id));
    }
    let references = fields.raw("References");
    if !references.is_empty() {
        xml.text("t:References", &references.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    people(xml, "t:ReplyTo", &fields.people("Reply-To"));
}

/// Headers that a program has of its own.
fn is_own(name: &str) -> bool {
    let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_token && name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-")) && !name.eq_ignore_ascii_case("X-Priority")
}

fn own_header(xml: &mut Writer, name: &str, value: &str) {
    xml.group("t:ExtendedProperty", &[], |xml| {
        let field = [("DistinguishedPropertySetId", "InternetHeaders"), ("PropertyName", name), ("PropertyType", "String")];
        xml.empty("t:ExtendedFieldURI", &field);
        xml.text("t:Value", &value.split_whitespace().collect::<Vec<_>>().join(" "));
    });
}

fn importance(importance: &str, priority: &str) -> Option<&'static str> {
    match (importance.to_ascii_lowercase().as_str(), priority.get(..1)) {
        ("high", _) | ("", Some("1" | "2")) => Some("High"),
        ("low", _) | ("", Some("4" | "5")) => Some("Low"),
        _ => None,
    }
}

fn people(xml: &mut Writer, name: &str, people: &[Person]) {
    if !people.is_empty() {
        xml.group(name, &[], |xml| people.iter().for_each(|person| mailbox(xml, person)));
    }
}

fn mailbox(xml: &mut Writer, person: &Person) {
    xml.group("t:Mailbox", &[], |xml| {
        if let Some(name) = &person.name {
            xml.text("t:Name", name);
        }
        xml.text("t:EmailAddress", &person.address);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::exchange::Text;

    #[test]
    fn headers_become_properties_in_the_order_of_the_schema() {
        let fields = "From: =?utf-8?Q?J=C3=BCrgen?= <j@x>\r\nTo: b@x, \"C\" <c@x>\r\nSubject: =?utf-8?Q?R=C3=BCck?= & <mehr>\r\nX-Priority: 1 (Highest)\r\n\
            X-Order:  12\r\n 34\r\nReferences: <1@x>\r\n <2@x>\r\nIn-Reply-To: <2@x>\r\nBcc: h@x\r\n";
        let mail = Mail { message_id: "9@x".to_owned(), ..Mail::default() };
        let outline = Outline { text: Some(Text { is_html: true, text: "<p>a\u{1}</p>".to_owned() }), ..Outline::default() };
        let mut xml = Writer::new();
        create_draft(&mut xml, &Draft { fields: fields.as_bytes(), mail: &mail, outline: &outline });
        let text = String::from_utf8(xml.document().bytes).unwrap();
        let mut from = 0;
        for expected in [
            "<t:Subject>Rück &amp; &lt;mehr&gt;</t:Subject>",
            "<t:Body BodyType=\"HTML\">&lt;p&gt;a &lt;/p&gt;</t:Body>",
            "<t:Importance>High</t:Importance>",
            "<t:InReplyTo>&lt;2@x&gt;</t:InReplyTo>",
            "PropertyName=\"X-Order\" PropertyType=\"String\"/><t:Value>12 34</t:Value>",
            "<t:ToRecipients><t:Mailbox><t:EmailAddress>b@x</t:EmailAddress></t:Mailbox><t:Mailbox><t:Name>C</t:Name>",
            "<t:BccRecipients><t:Mailbox><t:EmailAddress>h@x</t:EmailAddress>",
            "<t:From><t:Mailbox><t:Name>Jürgen</t:Name><t:EmailAddress>j@x</t:EmailAddress></t:Mailbox></t:From>",
            "<t:InternetMessageId>&lt;9@x&gt;</t:InternetMessageId>",
            "<t:References>&lt;1@x&gt; &lt;2@x&gt;</t:References>",
        ] {
            let at = text[from..].find(expected).unwrap_or_else(|| panic!("{expected} in {text}"));
            from += at + expected.len();
        }
    }
}
