//! What is wrong with a chain of certificates, by the bits in which Windows tells it (`CERT_TRUST_STATUS`, wincrypt.h).

use crate::net::certificate::{Fault, date_fault, is_self_issued};

/// A chain as Windows has built it.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// The bits of the chain as a whole.
    pub(super) status: u32,
    /// The server's own certificate first.
    pub(super) elements: Vec<Element>,
}

/// One certificate of a chain.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) der: Vec<u8>,
    /// The bits of this certificate.
    pub(super) status: u32,
}

const NOT_TIME_VALID: u32 = 0x1;
const UNTRUSTED_ROOT: u32 = 0x20;
const PARTIAL_CHAIN: u32 = 0x1_0000;

/// Nothing is asked about revocation, so that nothing is known is no fault; nested validity is a rule of old.
const IGNORED: u32 = 0x2 | 0x40 | 0x100_0000;

/// What only a stricter policy of the machine finds: short keys and old hashes. Servers of TLS 1.0 have nothing better.
const WEAK: u32 = 0x10_0000 | 0x20_0000;

/// What further bits say, in English.
const OTHERS: &[(u32, &str)] = &[
    (0x4, "it was revoked"),
    (0x8, "its signature is wrong"),
    (0x10, "it is not for servers"),
    (0x80, "the chain goes round in circles"),
    (0x100, "an extension is invalid"),
    (0x200, "the constraints of its policy are violated"),
    (0x400, "a certificate that must not issue others has issued one"),
    (0x800, "the constraints on its names are invalid"),
    (0x1000, "the constraints on its names are not supported"),
    (0x2000, "the constraints on its names are not defined for it"),
    (0x4000, "the constraints on its names do not permit it"),
    (0x8000, "the constraints on its names exclude it"),
    (0x2_0000, "the list of trusted authorities is not valid now"),
    (0x4_0000, "the signature of the list of trusted authorities is wrong"),
    (0x8_0000, "the list of trusted authorities is not for servers"),
    (0x10_0000, "its signature or key is too weak"),
    (0x20_0000, "its key is too weak"),
    (0x200_0000, "its policies do not hold for the whole chain"),
    (0x400_0000, "this machine explicitly distrusts it"),
    (0x800_0000, "a critical extension is not supported"),
];

/// Whether Windows may find the issuer when it is allowed to fetch the authorities that its maker trusts.
pub(super) fn lacks_authority(built: &Built, authorities: &[Vec<u8>]) -> bool {
    anchor(built, authorities).is_none() && all(built) & (UNTRUSTED_ROOT | PARTIAL_CHAIN) != 0
}

/// All faults of a chain. `authorities` are further certificates (DER) that are trusted as they are, be it in the middle of the chain;
/// with `allows_old`, weak signatures are none.
pub(super) fn faults(built: &Built, authorities: &[Vec<u8>], allows_old: bool) -> Vec<Fault> {
    let anchor = anchor(built, authorities);
    // What comes behind a trusted certificate does not matter any more.
    let elements = &built.elements[..anchor.map_or(built.elements.len(), |anchor| anchor + 1)];
    let status = match anchor {
        Some(_) => elements.iter().fold(0, |all, element| all | element.status) & !(UNTRUSTED_ROOT | PARTIAL_CHAIN),
        None => all(built),
    };
    let status = status & !IGNORED & !if allows_old { WEAK } else { 0 };
    let mut faults = Vec::new();
    for element in elements.iter().filter(|_| status & NOT_TIME_VALID != 0) {
        faults.extend(date_fault(&element.der));
    }
    if status & NOT_TIME_VALID != 0 && faults.is_empty() {
        faults.push(Fault::Untrusted("it is not valid at this time".to_owned()));
    }
    if status & (UNTRUSTED_ROOT | PARTIAL_CHAIN) != 0 {
        let is_alone = matches!(elements, [own] if is_self_issued(&own.der));
        faults.push(if is_alone { Fault::SelfSigned } else { Fault::UnknownAuthority });
    }
    let said: Vec<&str> = OTHERS.iter().filter(|(bit, _)| status & bit != 0).map(|(_, words)| *words).collect();
    let known = OTHERS.iter().fold(NOT_TIME_VALID | UNTRUSTED_ROOT | PARTIAL_CHAIN, |known, (bit, _)| known | bit);
    if !said.is_empty() {
        faults.push(Fault::Untrusted(said.join("; ")));
    }
    if status & !known != 0 {
        faults.push(Fault::Untrusted(format!("Windows finds fault with it: {:#x}", status & !known)));
    }
    if built.elements.is_empty() {
        faults.push(Fault::Untrusted("Windows finds no chain for it".to_owned()));
    }
    faults
}

/// The first certificate of the chain that is trusted by itself.
fn anchor(built: &Built, authorities: &[Vec<u8>]) -> Option<usize> {
    built.elements.iter().position(|element| authorities.contains(&element.der))
}

fn all(built: &Built) -> u32 {
    built.elements.iter().fold(built.status, |all, element| all | element.status)
}

/// The certificates that a server has sent, in the order of the chain: each behind the one that it issued, the rest as it came. Of a chain that
/// is refused, what Windows found beyond what was sent belongs to it, as with OpenSSL.
pub(super) fn ordered(own: Vec<u8>, mut others: Vec<Vec<u8>>, built: &Built, is_refused: bool) -> Vec<Vec<u8>> {
    let place = |der: &Vec<u8>| built.elements.iter().position(|element| element.der == *der).unwrap_or(usize::MAX);
    others.retain(|other| *other != own);
    others.sort_by_key(place);
    let sent: Vec<Vec<u8>> = std::iter::once(own).chain(others).collect();
    let is_longer = is_refused && built.elements.len() > sent.len();
    if is_longer { built.elements.iter().map(|element| element.der.clone()).collect() } else { sent }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain whose certificates are their numbers.
    fn chain(status: u32, elements: &[u32]) -> Built {
        let element = |(number, status): (usize, &u32)| Element { der: vec![number as u8], status: *status };
        Built { status, elements: elements.iter().enumerate().map(element).collect() }
    }

    fn codes(built: &Built, authorities: &[Vec<u8>]) -> Vec<&'static str> {
        faults(built, authorities, false).iter().map(Fault::code).collect()
    }

    #[test]
    fn a_chain_to_a_trusted_authority_has_no_fault() {
        assert_eq!(codes(&chain(0, &[0, 0, 0]), &[]), [""; 0]);
        assert_eq!(codes(&chain(0x40 | 0x100_0000 | 0x2, &[0x40, 0x2]), &[]), [""; 0], "revocation is not asked");
        assert!(!lacks_authority(&chain(0, &[0, 0]), &[]));
    }

    #[test]
    fn an_own_authority_makes_up_for_an_unknown_root_and_for_nothing_else() {
        let own = [vec![1]];
        assert_eq!(codes(&chain(0x20, &[0, 0x20]), &[]), ["tls.certificate_unknown_authority"]);
        assert_eq!(codes(&chain(0x20, &[0, 0x20]), &own), [""; 0]);
        assert_eq!(codes(&chain(0x1_0000, &[0, 0x1_0000]), &own), [""; 0], "an intermediate is trusted by itself");
        assert_eq!(codes(&chain(0x20 | 0x4, &[0x4, 0x20]), &own), ["tls.certificate_untrusted"]);
        assert_eq!(codes(&chain(0x20 | 0x4, &[0, 0, 0x24]), &own), [""; 0], "what comes behind it does not matter");
        assert_eq!(codes(&chain(0x20 | 0x8, &[0x8, 0x20]), &[vec![9]]).len(), 2);
        assert!(lacks_authority(&chain(0x20, &[0, 0x20]), &[]) && lacks_authority(&chain(0x1_0000, &[0]), &[]));
        assert!(!lacks_authority(&chain(0x20, &[0, 0x20]), &own));
    }

    #[test]
    fn a_partial_chain_is_refused() {
        assert_eq!(codes(&chain(0x1_0000, &[0]), &[]), ["tls.certificate_unknown_authority"]);
        assert_eq!(codes(&chain(0x1_0000, &[0x1_0000]), &[]), ["tls.certificate_unknown_authority"]);
    }

    #[test]
    fn no_bit_is_passed_over() {
        for bit in (0..32).map(|bit| 1_u32 << bit).filter(|bit| bit & IGNORED == 0) {
            assert!(!codes(&chain(bit, &[bit]), &[]).is_empty(), "{bit:#x}");
            assert!(!codes(&chain(bit, &[0, 0]), &[]).is_empty(), "{bit:#x} of the whole chain");
        }
        assert_eq!(codes(&Built::default(), &[]), ["tls.certificate_untrusted"]);
    }

    #[test]
    fn weak_signatures_are_accepted_with_old_versions_only() {
        assert_eq!(faults(&chain(0x10_0000, &[0x10_0000]), &[], true), []);
        assert_eq!(codes(&chain(0x10_0000, &[0x10_0000]), &[]), ["tls.certificate_untrusted"]);
        assert_eq!(faults(&chain(0x10_0004, &[0]), &[], true).len(), 1);
    }

    #[test]
    fn the_chain_has_its_order() {
        let built = chain(0, &[0, 0, 0]);
        for is_refused in [false, true] {
            let sent = vec![vec![9], vec![2], vec![0], vec![1]];
            assert_eq!(ordered(vec![0], sent, &built, is_refused), [vec![0], vec![1], vec![2], vec![9]]);
            assert_eq!(ordered(vec![0], vec![], &Built::default(), is_refused), [vec![0]]);
        }
        assert_eq!(ordered(vec![0], vec![], &built, false), [vec![0]]);
        assert_eq!(ordered(vec![0], vec![], &built, true), [vec![0], vec![1], vec![2]], "what Windows has found beside");
    }
}
