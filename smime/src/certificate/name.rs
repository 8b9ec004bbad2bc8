//! Distinguished names as text.

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc3280, rfc4519};
use der::{Tag, Tagged};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

/// Names of attributes (RFC 4514, section 3, and what authorities use beyond it).
const LABELS: &[(ObjectIdentifier, &str)] = &[
    (rfc4519::COMMON_NAME, "CN"),
    (rfc4519::C, "C"),
    (rfc4519::ST, "ST"),
    (rfc4519::L, "L"),
    (rfc4519::O, "O"),
    (rfc4519::OU, "OU"),
    (rfc4519::STREET, "STREET"),
    (rfc4519::DC, "DC"),
    (rfc4519::UID, "UID"),
    (rfc4519::SN, "SN"),
    (rfc4519::GIVEN_NAME, "GN"),
    (rfc4519::TITLE, "T"),
    (rfc4519::SERIAL_NUMBER, "serialNumber"),
    (rfc3280::EMAIL_ADDRESS, "emailAddress"),
    (ObjectIdentifier::new_unwrap("2.5.4.97"), "organizationIdentifier"),
];

/// All attributes in the order of the certificate: `C=DE, O=Muster GmbH, CN=Anna Muster`.
pub(super) fn text(name: &Name) -> String {
    let parts = name.iter().map(|attribute| match LABELS.iter().find(|(oid, _)| *oid == attribute.oid) {
        Some((_, label)) => format!("{label}={}", value(attribute)),
        None => format!("{}={}", attribute.oid, value(attribute)),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The common name, else the organization.
pub(super) fn common(name: &Name) -> Option<String> {
    let find = |oid| name.iter().filter(|attribute| attribute.oid == oid).map(value).find(|value| !value.is_empty());
    find(rfc4519::COMMON_NAME).or_else(|| find(rfc4519::O))
}

/// The addresses of a subject, as certificates had them before the subject alternative name (RFC 8550, section 3).
pub(super) fn emails(name: &Name) -> impl Iterator<Item = String> + '_ {
    name.iter().filter(|attribute| attribute.oid == rfc3280::EMAIL_ADDRESS).map(value).filter(|value| value.contains('@'))
}

/// Whether two names are one (RFC 5280, section 7.1): upper and lower case, spaces and the types of strings do not count. An authority that changes the type of its strings stays the
/// same one.
pub(super) fn is_same(one: &Name, other: &Name) -> bool {
    // Attributes that stand together are in DER's order, which the type of a string may change; no authority has more than one.
    one == other
        || one.iter().count() == other.iter().count() && one.iter().zip(other.iter()).all(|(one, other)| is_same_attribute(one, other))
}

fn is_same_attribute(one: &AttributeTypeAndValue, other: &AttributeTypeAndValue) -> bool {
    let words = |text: String| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    one.oid == other.oid && (one.value == other.value || words(value(one)) == words(value(other)))
}

/// A string of any of the types of a name, without control characters; anything else in hexadecimal.
fn value(attribute: &AttributeTypeAndValue) -> String {
    let bytes = attribute.value.value();
    let text = match attribute.value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        // T.61 was never written but as Latin-1.
        Tag::TeletexString => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => format!("#{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    };
    text.chars().filter(|letter| !letter.is_control()).collect()
}
