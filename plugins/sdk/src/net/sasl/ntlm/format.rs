//! What the messages of NTLM are written with.

/// What every message of NTLM begins with.
pub(super) const SIGNATURE: &[u8] = b"NTLMSSP\0";

pub(super) const UNICODE: u32 = 0x0000_0001;
pub(super) const TARGET_INFO: u32 = 0x0080_0000;
pub(super) const VERSION: u32 = 0x0200_0000;

/// The attributes of the server's names (MS-NLMP, section 2.2.2.1) that matter here.
pub(super) mod attribute {
    pub(in super::super) const END: u16 = 0;
    pub(in super::super) const FLAGS: u16 = 6;
    pub(in super::super) const TIMESTAMP: u16 = 7;
    pub(in super::super) const TARGET_NAME: u16 = 9;
    pub(in super::super) const CHANNEL_BINDINGS: u16 = 10;
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
