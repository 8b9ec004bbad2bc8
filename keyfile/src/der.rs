//! As much of DER as wrapping a private key takes.

use zeroize::Zeroizing;

/// PKCS#8 around a key of another form (RFC 5208, section 5).
pub(crate) fn wrapped(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(value(0x04, key));
    let content = Zeroizing::new([&[0x02, 1, 0][..], &value(0x30, algorithm), &key].concat());
    Zeroizing::new(value(0x30, &content))
}

/// A value in DER.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count().min(length.len() - 1)..];
    let mut der = vec![tag];
    if content.len() >= 0x80 {
        der.push(0x80 | significant.len() as u8);
    }
    der.extend_from_slice(significant);
    der.extend_from_slice(content);
    der
}

/// Tag and content of the first value in DER, and what follows it.
pub(crate) fn first(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => (usize::from(short), rest),
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The object identifier of the curve (DER), as it stands in the parameters of a key of SEC 1.
pub(crate) fn curve(key: &[u8]) -> Option<&[u8]> {
    let (_, mut fields, _) = first(key)?;
    while let Some((tag, content, rest)) = first(fields) {
        if tag == 0xa0 {
            return Some(content);
        }
        fields = rest;
    }
    None
}
