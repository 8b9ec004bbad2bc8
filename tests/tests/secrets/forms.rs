//! The forms in which a server may give back what it was sent, made by means of this test's own, and where one of them is found.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// The forms of a secret, as bytes of a reply.
pub(crate) fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = |form: String| form.into_bytes();
    let each = |form: &dyn Fn(char) -> String| bytes(secret.chars().map(form).collect());
    let octets = |secret: &[u8], mark: &str| bytes(secret.iter().map(|byte| escaped(*byte, mark)).collect());
    let latin1: Vec<u8> = secret.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let misread: String = secret.bytes().map(char::from).collect();
    let lower_percent = octets(secret.as_bytes(), "%").to_ascii_lowercase();
    let mut forms = vec![
        bytes(secret.to_owned()),
        bytes(secret.to_uppercase()),
        bytes(secret.to_lowercase()),
        each(&|c| if matches!(c, '"' | '\\') { format!("\\{c}") } else { c.to_string() }),
        each(&|c| named(c)),
        each(&|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) }),
        each(&|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#x{:x};", u32::from(c)) }),
        each(&|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }),
        octets(secret.as_bytes(), "%"),
        octets(&latin1, "%"),
        lower_percent.clone(),
        bytes(String::from_utf8_lossy(&lower_percent).replace("%20", "+")),
        octets(secret.as_bytes(), "="),
        octets(&latin1, "="),
        bytes(misread),
        bytes(secret.bytes().map(|byte| format!("{byte:02x}")).collect()),
        bytes(modified_utf7(secret)),
        latin1.clone(),
    ];
    for content in [secret.as_bytes(), &latin1, &utf16] {
        for before in ["", "a", "ab", "\0anna\0"] {
            let whole = [before.as_bytes(), content].concat();
            forms.extend([bytes(STANDARD.encode(&whole)), bytes(URL_SAFE.encode(&whole)), bytes(STANDARD.encode(&whole).to_uppercase())]);
        }
    }
    forms
}

fn escaped(byte: u8, mark: &str) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("{mark}{byte:02X}") }
}

fn named(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '"' => "&quot;".to_owned(),
        'ü' => "&uuml;".to_owned(),
        other => other.to_string(),
    }
}

fn modified_utf7(text: &str) -> String {
    let each = text.chars().map(|c| match c {
        '&' => "&-".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => {
            let units: Vec<u8> = c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()).collect();
            format!("&{}-", STANDARD.encode(units).trim_end_matches('=').replace('/', ","))
        }
    });
    each.collect()
}

/// What a text tells of a secret: one of its forms, six characters of it in a row, or base64 that has them inside.
pub(crate) fn leak(text: &str, secret: &str) -> Option<String> {
    let text = text.to_lowercase();
    let shown = |form: &Vec<u8>| match std::str::from_utf8(form) {
        Ok(form) => form.to_lowercase(),
        Err(_) => form.iter().map(|byte| char::from(*byte)).collect::<String>().to_lowercase(),
    };
    let characters: Vec<char> = secret.to_lowercase().chars().collect();
    let pieces = characters.windows(6).map(|piece| piece.iter().collect::<String>());
    let found = forms(secret).iter().map(shown).chain(pieces).find(|form| text.contains(form.as_str()));
    found.map(|form| {
        let at = text.find(&form).unwrap_or_default();
        let around = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        format!("{form:?} in …{}…", &text[around(at.saturating_sub(60))..around(at + form.len() + 60)])
    })
}
