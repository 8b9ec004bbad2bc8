//! The numbers by which SSPI says why it gave no message (winerror.h, "Microsoft Security Support Provider Interface").
//!
//! They are what the functions return: Windows' last error says nothing about them.

use super::peer::{Failure, Reason};

/// Number, name, and what it means for a login by the logged-on user. The numbers of TLS are left out.
const KNOWN: &[(u32, &str, Reason)] = &[
    (0x8009_0300, "SEC_E_INSUFFICIENT_MEMORY", Reason::Other),
    (0x8009_0301, "SEC_E_INVALID_HANDLE", Reason::Other),
    (0x8009_0302, "SEC_E_UNSUPPORTED_FUNCTION", Reason::PackageMissing),
    (0x8009_0303, "SEC_E_TARGET_UNKNOWN", Reason::ServiceUnknown),
    (0x8009_0304, "SEC_E_INTERNAL_ERROR", Reason::Other),
    (0x8009_0305, "SEC_E_SECPKG_NOT_FOUND", Reason::PackageMissing),
    (0x8009_0306, "SEC_E_NOT_OWNER", Reason::NoCredentials),
    (0x8009_0307, "SEC_E_CANNOT_INSTALL", Reason::PackageMissing),
    // The server's message is none, or was made with another key than ours.
    (0x8009_0308, "SEC_E_INVALID_TOKEN", Reason::Unproven),
    (0x8009_0309, "SEC_E_CANNOT_PACK", Reason::Other),
    (0x8009_030a, "SEC_E_QOP_NOT_SUPPORTED", Reason::Other),
    (0x8009_030b, "SEC_E_NO_IMPERSONATION", Reason::NoCredentials),
    (0x8009_030c, "SEC_E_LOGON_DENIED", Reason::Denied),
    (0x8009_030d, "SEC_E_UNKNOWN_CREDENTIALS", Reason::NoCredentials),
    (0x8009_030e, "SEC_E_NO_CREDENTIALS", Reason::NoCredentials),
    (0x8009_030f, "SEC_E_MESSAGE_ALTERED", Reason::Unproven),
    (0x8009_0310, "SEC_E_OUT_OF_SEQUENCE", Reason::Unproven),
    (0x8009_0311, "SEC_E_NO_AUTHENTICATING_AUTHORITY", Reason::Unreachable),
    (0x8009_0316, "SEC_E_BAD_PKGID", Reason::PackageMissing),
    (0x8009_0317, "SEC_E_CONTEXT_EXPIRED", Reason::NoTicket),
    (0x8009_0318, "SEC_E_INCOMPLETE_MESSAGE", Reason::Unproven),
    (0x8009_0320, "SEC_E_INCOMPLETE_CREDENTIALS", Reason::NoCredentials),
    (0x8009_0321, "SEC_E_BUFFER_TOO_SMALL", Reason::Other),
    // The ticket was made for another account than the one that the service runs as.
    (0x8009_0322, "SEC_E_WRONG_PRINCIPAL", Reason::Unproven),
    (0x8009_0324, "SEC_E_TIME_SKEW", Reason::Clock),
    (0x8009_0329, "SEC_E_ENCRYPT_FAILURE", Reason::Other),
    (0x8009_0330, "SEC_E_DECRYPT_FAILURE", Reason::Unproven),
    (0x8009_0332, "SEC_E_SECURITY_QOS_FAILED", Reason::Unproven),
    (0x8009_0333, "SEC_E_UNFINISHED_CONTEXT_DELETED", Reason::Other),
    (0x8009_0334, "SEC_E_NO_TGT_REPLY", Reason::NoTicket),
    (0x8009_0335, "SEC_E_NO_IP_ADDRESSES", Reason::Unreachable),
    (0x8009_0336, "SEC_E_WRONG_CREDENTIAL_HANDLE", Reason::Other),
    (0x8009_0337, "SEC_E_CRYPTO_SYSTEM_INVALID", Reason::Other),
    (0x8009_0338, "SEC_E_MAX_REFERRALS_EXCEEDED", Reason::ServiceUnknown),
    (0x8009_0339, "SEC_E_MUST_BE_KDC", Reason::Other),
    (0x8009_033a, "SEC_E_STRONG_CRYPTO_NOT_SUPPORTED", Reason::Other),
    (0x8009_033b, "SEC_E_TOO_MANY_PRINCIPALS", Reason::Other),
    (0x8009_033c, "SEC_E_NO_PA_DATA", Reason::NoCredentials),
    (0x8009_033d, "SEC_E_PKINIT_NAME_MISMATCH", Reason::Denied),
    (0x8009_033e, "SEC_E_SMARTCARD_LOGON_REQUIRED", Reason::Denied),
    (0x8009_033f, "SEC_E_SHUTDOWN_IN_PROGRESS", Reason::Other),
    (0x8009_0340, "SEC_E_KDC_INVALID_REQUEST", Reason::Other),
    (0x8009_0341, "SEC_E_KDC_UNABLE_TO_REFER", Reason::ServiceUnknown),
    (0x8009_0342, "SEC_E_KDC_UNKNOWN_ETYPE", Reason::Other),
    (0x8009_0343, "SEC_E_UNSUPPORTED_PREAUTH", Reason::Denied),
    (0x8009_0345, "SEC_E_DELEGATION_REQUIRED", Reason::Other),
    (0x8009_0346, "SEC_E_BAD_BINDINGS", Reason::Unproven),
    // Two accounts of the domain have the service's name.
    (0x8009_0347, "SEC_E_MULTIPLE_ACCOUNTS", Reason::ServiceUnknown),
    (0x8009_0348, "SEC_E_NO_KERB_KEY", Reason::Other),
    (0x8009_0349, "SEC_E_CERT_WRONG_USAGE", Reason::Denied),
    // What should have come from a domain controller came from none.
    (0x8009_0350, "SEC_E_DOWNGRADE_DETECTED", Reason::Unreachable),
    (0x8009_0351, "SEC_E_SMARTCARD_CERT_REVOKED", Reason::Denied),
    (0x8009_0352, "SEC_E_ISSUING_CA_UNTRUSTED", Reason::Denied),
    (0x8009_0353, "SEC_E_REVOCATION_OFFLINE_C", Reason::Denied),
    (0x8009_0354, "SEC_E_PKINIT_CLIENT_FAILURE", Reason::Denied),
    (0x8009_0355, "SEC_E_SMARTCARD_CERT_EXPIRED", Reason::Denied),
    (0x8009_0356, "SEC_E_NO_S4U_PROT_SUPPORT", Reason::Other),
    (0x8009_0357, "SEC_E_CROSSREALM_DELEGATION_FAILURE", Reason::Other),
    (0x8009_0358, "SEC_E_REVOCATION_OFFLINE_KDC", Reason::Denied),
    (0x8009_0359, "SEC_E_ISSUING_CA_UNTRUSTED_KDC", Reason::Denied),
    (0x8009_035a, "SEC_E_KDC_CERT_EXPIRED", Reason::Denied),
    (0x8009_035b, "SEC_E_KDC_CERT_REVOKED", Reason::Denied),
    (0x8009_035d, "SEC_E_INVALID_PARAMETER", Reason::Other),
    (0x8009_035e, "SEC_E_DELEGATION_POLICY", Reason::Denied),
    (0x8009_035f, "SEC_E_POLICY_NLTM_ONLY", Reason::Denied),
    (0x8009_0361, "SEC_E_NO_CONTEXT", Reason::Other),
    (0x8009_0362, "SEC_E_PKU2U_CERT_FAILURE", Reason::Other),
    (0x8009_0363, "SEC_E_MUTUAL_AUTH_FAILED", Reason::Unproven),
    (0x8009_0365, "SEC_E_ONLY_HTTPS_ALLOWED", Reason::Other),
    (0x8009_0369, "SEC_E_INVALID_UPN_NAME", Reason::NoCredentials),
];

/// Why there is no message, by what a function of SSPI returned.
pub(super) fn failure(status: i32) -> Failure {
    let number = status.cast_unsigned();
    let known = KNOWN.iter().find(|(known, ..)| *known == number);
    let (name, reason) = known.map_or(("an unknown status of SSPI", Reason::Other), |(_, name, reason)| (*name, *reason));
    Failure { reason, detail: format!("{name} (0x{number:08X})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_name_and_its_meaning() {
        for (number, reason, detail) in [
            (0x8009_030e_u32, Reason::NoCredentials, "SEC_E_NO_CREDENTIALS (0x8009030E)"),
            (0x8009_0305, Reason::PackageMissing, "SEC_E_SECPKG_NOT_FOUND (0x80090305)"),
            (0x8009_0322, Reason::Unproven, "SEC_E_WRONG_PRINCIPAL (0x80090322)"),
            (0x8009_0324, Reason::Clock, "SEC_E_TIME_SKEW (0x80090324)"),
            (0x8009_0399, Reason::Other, "an unknown status of SSPI (0x80090399)"),
            (0x0009_0313, Reason::Other, "an unknown status of SSPI (0x00090313)"),
        ] {
            let failure = failure(number.cast_signed());
            assert_eq!((failure.reason, failure.detail.as_str()), (reason, detail));
        }
    }

    #[test]
    fn each_number_stands_once_and_none_is_a_success() {
        assert!(KNOWN.is_sorted_by(|(one, ..), (other, ..)| one < other));
        assert!(KNOWN.iter().all(|(number, name, _)| number >> 16 == 0x8009 && name.starts_with("SEC_E_")));
    }

    /// The system's own header has the same numbers.
    #[cfg(windows)]
    #[test]
    fn the_numbers_are_those_of_windows() {
        use windows_sys::Win32::Foundation as system;
        let number = |name: &str| KNOWN.iter().find(|(_, known, _)| *known == name).map(|(number, ..)| number.cast_signed());
        for (name, theirs) in [
            ("SEC_E_TARGET_UNKNOWN", system::SEC_E_TARGET_UNKNOWN),
            ("SEC_E_NO_TGT_REPLY", system::SEC_E_NO_TGT_REPLY),
            ("SEC_E_MAX_REFERRALS_EXCEEDED", system::SEC_E_MAX_REFERRALS_EXCEEDED),
            ("SEC_E_KDC_UNKNOWN_ETYPE", system::SEC_E_KDC_UNKNOWN_ETYPE),
            ("SEC_E_DOWNGRADE_DETECTED", system::SEC_E_DOWNGRADE_DETECTED),
            ("SEC_E_MUTUAL_AUTH_FAILED", system::SEC_E_MUTUAL_AUTH_FAILED),
        ] {
            assert_eq!(number(name), Some(theirs), "{name}");
        }
    }
}
