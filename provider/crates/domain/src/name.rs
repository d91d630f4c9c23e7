//! Names that become parts of Kubernetes object names.

use std::fmt;

/// A DNS-1123 label: lower-case letters, digits and dashes, 1 to 63 bytes, no dash at either end.
///
/// Source: Kubernetes documentation, "Object Names and IDs" (RFC 1123 label names).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is not a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The text is longer than allowed; both lengths in bytes.
    #[error("it has {have} characters, and {most} is the most")]
    TooLong {
        /// Bytes seen.
        have: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// A character that is not `a` to `z`, `0` to `9` or `-`.
    #[error("`{0}` is not a lower-case letter, a digit or a dash")]
    Character(char),
    /// It starts or ends with a dash.
    #[error("it starts or ends with a dash")]
    Edge,
}

impl Name {
    /// The longest label Kubernetes accepts, in bytes.
    pub const MOST: usize = 63;

    /// Parses a label of at most [`Name::MOST`] bytes.
    ///
    /// # Errors
    ///
    /// The first [`NameProblem`] found.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        Self::parse_up_to(text, Self::MOST)
    }

    /// Parses a label of at most `most` bytes, for names that get a prefix of ours.
    ///
    /// # Errors
    ///
    /// The first [`NameProblem`] found.
    pub fn parse_up_to(text: &str, most: usize) -> Result<Self, NameProblem> {
        if text.is_empty() {
            return Err(NameProblem::Empty);
        }
        if let Some(odd) = text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))
        {
            return Err(NameProblem::Character(odd));
        }
        if text.len() > most {
            return Err(NameProblem::TooLong { have: text.len(), most });
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(NameProblem::Edge);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Joins `parts` with dashes; what is longer than a label is cut and ends in a digest of the whole.
///
/// Two different lists never give one name by being cut: the digest is taken over all parts,
/// each followed by a separator no part can hold.
pub fn joined(parts: &[&str]) -> String {
    joined_up_to(parts, Name::MOST)
}

/// The same for names of at most `most` bytes, which must be more than a digest has.
pub fn joined_up_to(parts: &[&str], most: usize) -> String {
    let whole = parts.join("-");
    if whole.len() <= most && parts.iter().all(|part| !part.contains("--")) {
        return whole;
    }
    let digest = fnv1a(parts.iter().flat_map(|part| part.bytes().chain([0])));
    let keep = whole.len().min(most.saturating_sub(9));
    format!("{}-{digest:08x}", whole[..keep].trim_end_matches('-'))
}

/// FNV-1a, folded to 32 bits: names need spread, not secrecy.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u32 {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let bytes = hash.to_be_bytes();
    u32::from_be_bytes([bytes[0] ^ bytes[4], bytes[1] ^ bytes[5], bytes[2] ^ bytes[6], bytes[3] ^ bytes[7]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_checked() {
        assert_eq!(Name::parse("demo-1").map(|n| n.to_string()), Ok("demo-1".into()));
        assert_eq!(Name::parse(""), Err(NameProblem::Empty));
        assert_eq!(Name::parse("Demo"), Err(NameProblem::Character('D')));
        assert_eq!(Name::parse("-demo"), Err(NameProblem::Edge));
        assert_eq!(Name::parse_up_to("abcdef", 5), Err(NameProblem::TooLong { have: 6, most: 5 }));
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_differs_from_its_neighbour() {
        let long = "x".repeat(60);
        let one = joined(&[&long, "edge-a"]);
        let other = joined(&[&long, "edge-b"]);
        assert_eq!(one.len(), Name::MOST);
        assert!(one.starts_with("xxxx"));
        assert_ne!(one, other);
        assert_eq!(joined_up_to(&[&long, "edge-a"], 53).len(), 53);
    }
}
