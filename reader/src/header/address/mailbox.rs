//! A person or a program in a field with addresses.

/// One of those who stand in From, To and the like: either with an address, or with the text that stands there instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, decoded.
    pub name: Option<String>,
    /// The address, with its local part in quotes only where it needs them.
    pub address: Option<String>,
    /// What stands in the place of the address and is none; never beside an address.
    pub text: Option<String>,
    /// The name of the group that it stands in (RFC 5322, 3.4).
    pub group: Option<String>,
}
