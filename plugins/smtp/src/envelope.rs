//! Sender and recipients as commands: MAIL and RCPT with the parameters that the server understands.

use crate::capabilities::Capabilities;
use crate::write_buffer::WriteBuffer;
use postkontor_plugin::{Error, Mail, Notify, Stage, Status};

/// The longest address that goes into a command. RFC 5321 allows 254, and real ones (sender rewriting) are longer.
const LONGEST: usize = 900;

/// Refuses addresses that would break their command, with a pointer into the mail. Needs no server.
pub(crate) fn check(mail: &Mail) -> Result<(), Error> {
    mail.check_addresses(is_address)
}

/// Refuses a mail that this server cannot take, before anything of it is sent. The session goes on.
pub(crate) fn fits(mail: &Mail, capabilities: &Capabilities, host: &str) -> Result<(), Error> {
    if needs_utf8(mail) && !capabilities.utf8 {
        return Err(refusal("message.smtputf8_unsupported", host));
    }
    if mail.eight_bit && !capabilities.eight_bit {
        return Err(refusal("message.eight_bit_unsupported", host));
    }
    size_fits(mail.size.unwrap_or(0), capabilities, host)
}

/// Refuses a message that is larger than the server says it takes (RFC 1870).
pub(crate) fn size_fits(size: u64, capabilities: &Capabilities, host: &str) -> Result<(), Error> {
    match capabilities.limit() {
        Some(limit) if size > limit => Err(refusal("message.too_large", host).arg("size", size).arg("limit", limit)),
        _ => Ok(()),
    }
}

fn refusal(code: &str, host: &str) -> Error {
    Error::new(Status::Refused, code).stage(Stage::Message).arg("host", host).retry(postkontor_plugin::Retry::Changed).usable()
}

/// Writes the MAIL command.
pub(crate) fn write_mail(mail: &Mail, size: Option<u64>, capabilities: &Capabilities, out: &mut WriteBuffer) {
    out.push(b"MAIL FROM:<");
    out.push(mail.from.as_bytes());
    out.push(b">");
    if let (Some(size), Some(_)) = (size, capabilities.size) {
        out.push(b" SIZE=");
        out.push(size.to_string().as_bytes());
    }
    if capabilities.eight_bit && (mail.eight_bit || needs_utf8(mail)) {
        out.push(b" BODY=8BITMIME");
    }
    if capabilities.utf8 && needs_utf8(mail) {
        out.push(b" SMTPUTF8");
    }
    if mail.dsn.is_some() && capabilities.dsn {
        // Headers are enough for a report, and the message may be large and confidential.
        out.push(b" RET=HDRS");
        let name = xtext(&mail.message_id);
        if (1..=100).contains(&name.len()) {
            out.push(b" ENVID=");
            out.push(name.as_bytes());
        }
    }
    out.push(b"\r\n");
}

/// Writes the RCPT command for one recipient.
pub(crate) fn write_recipient(mail: &Mail, address: &str, capabilities: &Capabilities, out: &mut WriteBuffer) {
    out.push(b"RCPT TO:<");
    out.push(address.as_bytes());
    out.push(b">");
    if let (Some(dsn), true) = (&mail.dsn, capabilities.dsn) {
        let name = |occasion: &Notify| match occasion {
            Notify::Failure => "FAILURE",
            Notify::Delay => "DELAY",
            Notify::Success => "SUCCESS",
        };
        let occasions: Vec<&str> = dsn.notify.iter().map(name).collect();
        out.push(b" NOTIFY=");
        out.push(if occasions.is_empty() { "NEVER".to_owned() } else { occasions.join(",") }.as_bytes());
        // Addresses beyond ASCII would need the form of RFC 6533; without ORCPT the server uses the address itself.
        let original = xtext(address);
        if address.is_ascii() && original.len() <= 480 {
            out.push(b" ORCPT=rfc822;");
            out.push(original.as_bytes());
        }
    }
    out.push(b"\r\n");
}

fn needs_utf8(mail: &Mail) -> bool {
    mail.utf8 || !mail.from.is_ascii() || !mail.recipients.iter().all(|address| address.is_ascii())
}

/// Whether a text can stand between the angle brackets of a command. Not whether there is such a mailbox.
fn is_address(address: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for c in address.chars() {
        if c.is_control() {
            return false;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' | '>' if !quoted => return false,
            c if c.is_whitespace() && !quoted => return false,
            _ => {}
        }
    }
    !address.is_empty() && address.len() <= LONGEST && !quoted
}

/// `xtext` of RFC 3461, section 4.
fn xtext(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'+' && byte != b'=' {
            encoded.push(char::from(byte));
        } else {
            encoded.push('+');
            encoded.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::Dsn;

    fn mail(from: &str, to: &str) -> Mail {
        Mail {
            stream: 1,
            size: Some(42),
            from: from.to_owned(),
            recipients: vec![to.to_owned()],
            eight_bit: false,
            utf8: false,
            message_id: "1+2@example.com".to_owned(),
            dsn: None,
        }
    }

    fn commands(mail: &Mail, capabilities: &Capabilities) -> String {
        let mut out = WriteBuffer::default();
        write_mail(mail, mail.size, capabilities, &mut out);
        write_recipient(mail, &mail.recipients[0], capabilities, &mut out);
        String::from_utf8_lossy(out.bytes()).into_owned()
    }

    fn everything() -> Capabilities {
        Capabilities { eight_bit: true, utf8: true, dsn: true, size: Some(0), ..Capabilities::default() }
    }

    #[test]
    fn parameters_are_sent_to_servers_that_understand_them() {
        let plain = mail("a@example.com", "b@example.com");
        assert_eq!(commands(&plain, &Capabilities::default()), "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n");
        assert_eq!(commands(&plain, &everything()), "MAIL FROM:<a@example.com> SIZE=42\r\nRCPT TO:<b@example.com>\r\n");
        let eight_bit = Mail { eight_bit: true, ..plain.clone() };
        assert!(commands(&eight_bit, &everything()).starts_with("MAIL FROM:<a@example.com> SIZE=42 BODY=8BITMIME\r\n"));
        let utf8 = mail("jörg@example.com", "b@example.com");
        assert!(commands(&utf8, &everything()).starts_with("MAIL FROM:<jörg@example.com> SIZE=42 BODY=8BITMIME SMTPUTF8\r\n"));
    }

    #[test]
    fn delivery_reports_are_asked_for() {
        let with = |notify: Vec<Notify>| Mail { dsn: Some(Dsn { notify }), ..mail("a@example.com", "b+c@example.com") };
        assert_eq!(
            commands(&with(vec![Notify::Failure, Notify::Delay]), &everything()),
            "MAIL FROM:<a@example.com> SIZE=42 RET=HDRS ENVID=1+2B2@example.com\r\n\
             RCPT TO:<b+c@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b+2Bc@example.com\r\n"
        );
        assert!(commands(&with(vec![]), &everything()).contains(" NOTIFY=NEVER "));
        assert!(!commands(&with(vec![]), &Capabilities::default()).contains("NOTIFY"));
    }

    #[test]
    fn addresses_that_would_break_their_command_are_refused() {
        for bad in
            ["a\r\nb@c", "a@b\0", "a@b>", "<a@b", "a b@c", "a@b SIZE=1", "a@b> NOTIFY=NEVER", "\"a@b", "a@b\u{85}", "", "a@b\u{2028}"]
        {
            let refused = check(&mail("x@y", bad)).unwrap_err();
            assert_eq!((refused.status, refused.at[0].pointer.as_str()), (Status::Argument, "/recipients/0"), "{bad:?}");
            if !bad.is_empty() {
                assert_eq!(check(&mail(bad, "x@y")).unwrap_err().at[0].pointer, "/from", "{bad:?}");
            }
        }
        for good in ["a@b", "\"a b\"@c", "\"a\\\"> b\"@c", "jörg@b", "postmaster", "a@[IPv6:::1]"] {
            check(&mail("", good)).unwrap();
        }
    }

    #[test]
    fn what_the_server_cannot_take_is_refused_before_it_is_sent() {
        let utf8 = Mail { utf8: true, ..mail("a@b", "c@d") };
        let code = |mail: &Mail, capabilities: &Capabilities| fits(mail, capabilities, "h").unwrap_err().code.clone();
        assert_eq!(code(&utf8, &Capabilities::default()), "message.smtputf8_unsupported");
        assert_eq!(code(&Mail { eight_bit: true, ..mail("a@b", "c@d") }, &Capabilities::default()), "message.eight_bit_unsupported");
        assert_eq!(code(&mail("a@b", "c@d"), &Capabilities { size: Some(41), ..Capabilities::default() }), "message.too_large");
        fits(&mail("a@b", "c@d"), &Capabilities { size: Some(42), ..Capabilities::default() }, "h").unwrap();
    }
}
