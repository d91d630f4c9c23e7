//! Digests of texts, for names and for telling whether anything changed.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The first `bytes` of the SHA-256 over `parts`, in lower-case hex; each part is followed by what none of them holds.
pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>, bytes: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(bytes).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_part_ends_counts() {
        assert_eq!(of(["ab", "c"], 4).len(), 8);
        assert_ne!(of(["ab", "c"], 4), of(["a", "bc"], 4));
    }
}
