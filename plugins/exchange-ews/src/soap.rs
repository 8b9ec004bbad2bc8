//! The envelope around a request.

use crate::xml::{Document, Writer};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";

/// Every server since 2013 takes it; newer names bring nothing for mail and are refused by older servers.
const VERSION: &str = "Exchange2013_SP1";

/// An envelope with this request in it, made as the owner of that mailbox.
pub(crate) fn envelope(impersonated: Option<&str>, request: impl FnOnce(&mut Writer)) -> Document {
    let mut xml = Writer::new();
    xml.group("s:Envelope", &[("xmlns:s", SOAP), ("xmlns:m", MESSAGES), ("xmlns:t", TYPES)], |xml| {
        xml.group("s:Header", &[], |xml| {
            xml.empty("t:RequestServerVersion", &[("Version", VERSION)]);
            if let Some(mailbox) = impersonated {
                xml.group("t:ExchangeImpersonation", &[], |xml| {
                    xml.group("t:ConnectingSID", &[], |xml| xml.text("t:PrimarySmtpAddress", mailbox));
                });
            }
        });
        xml.group("s:Body", &[], request);
    });
    xml.document()
}
