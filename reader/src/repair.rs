//! What was read in another way than it stands.

/// More repairs than this are not kept: a message with so many is broken as a whole.
const MOST: usize = 100;

/// A place where the bytes break the RFCs and the reader took what was most likely meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Stable code, listed in docs/reading.md.
    pub code: &'static str,
    /// What it concerns, as a JSON pointer into the summary: `/from/0`, `/date`, `/parts/2`; empty for the whole message.
    pub pointer: String,
}

/// The repairs of a message, in the order in which they were made; one of a kind at each place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repairs(Vec<Repair>);

impl Repairs {
    /// Notes that something at `pointer` was read in another way than it stands.
    pub fn note(&mut self, code: &'static str, pointer: &str) {
        if self.0.len() < MOST && !self.0.iter().any(|known| known.code == code && known.pointer == pointer) {
            self.0.push(Repair { code, pointer: pointer.to_owned() });
        }
    }

    /// The repairs, in the order in which they were made.
    pub fn as_slice(&self) -> &[Repair] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_is_kept_once_and_not_without_end() {
        let mut repairs = Repairs::default();
        repairs.note("mime.boundary_unclosed", "");
        repairs.note("mime.boundary_unclosed", "");
        assert_eq!(repairs.as_slice(), [Repair { code: "mime.boundary_unclosed", pointer: String::new() }]);
        for part in 0..10_000 {
            repairs.note("mime.base64_stray", &format!("/parts/{part}"));
        }
        assert_eq!(repairs.as_slice().len(), MOST);
    }
}
