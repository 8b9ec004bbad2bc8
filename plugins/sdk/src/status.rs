//! The statuses of the C ABI.

/// How a call ended. The numbers are those of the C ABI and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// The caller passed something that cannot be: a null pointer, a stale handle, broken JSON, an address without "@".
    Argument = 1,
    /// The settings are incomplete or contradictory.
    Settings = 2,
    /// There is no such transport, or its plugin does not load.
    Transport = 3,
    /// The transport or the server cannot do what was asked.
    Unsupported = 4,
    /// The server refused the credentials, or offers no way to present them that the settings allow.
    Auth = 5,
    /// No secure connection: a certificate, a protocol version, missing STARTTLS.
    Tls = 6,
    /// The server was not found, not reached, or the connection broke.
    Network = 7,
    /// The deadline passed.
    Timeout = 8,
    /// The caller stopped the call.
    Cancelled = 9,
    /// The server refused for good; trying the same again is useless.
    Refused = 10,
    /// The server cannot now; later it may.
    Later = 11,
    /// Some recipients were accepted, some not.
    Partial = 12,
    /// The message may or may not have been delivered. It must not be sent again without a human's decision.
    Uncertain = 13,
    /// The thing named does not exist.
    NotFound = 14,
    /// The handle is in use by another thread.
    Busy = 15,
    /// A defect in Postkontor or in a plugin.
    Internal = 16,
    /// Switched off by `enabled: false`.
    Disabled = 17,
    /// The server's answer makes no sense or exceeds a limit.
    Protocol = 18,
    /// A file, disk or program on this machine.
    Local = 19,
}

impl Status {
    /// Every status, in order of its number.
    pub const ALL: [Status; 20] = [
        Status::Ok,
        Status::Argument,
        Status::Settings,
        Status::Transport,
        Status::Unsupported,
        Status::Auth,
        Status::Tls,
        Status::Network,
        Status::Timeout,
        Status::Cancelled,
        Status::Refused,
        Status::Later,
        Status::Partial,
        Status::Uncertain,
        Status::NotFound,
        Status::Busy,
        Status::Internal,
        Status::Disabled,
        Status::Protocol,
        Status::Local,
    ];

    /// The number that crosses the C ABI.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The status with this number; an unknown number counts as [`Status::Internal`].
    pub fn from_number(number: i32) -> Status {
        usize::try_from(number).ok().and_then(|index| Status::ALL.get(index).copied()).unwrap_or(Status::Internal)
    }
}

impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.number())
    }
}

impl<'de> serde::Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i32::deserialize(deserializer).map(Status::from_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_leads_back_to_its_status() {
        for (index, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(status.number(), index as i32);
            assert_eq!(Status::from_number(index as i32), status);
        }
        assert_eq!(Status::from_number(-1), Status::Internal);
        assert_eq!(Status::from_number(999), Status::Internal);
    }
}
