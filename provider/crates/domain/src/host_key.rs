//! Host keys: by which one knows that a machine is the one meant.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// How a text of a fingerprint begins.
const SCHEME: &str = "SHA256:";

/// SHA-256 of a public host key, as `ssh-keygen -l` shows it: `SHA256:` and 43 letters of base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostKeyFingerprint([u8; 32]);

/// Why a text is no fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintProblem {
    /// Another kind of fingerprint, or none.
    #[error("it does not begin with `SHA256:`")]
    Scheme,
    /// Not the base64 of 32 bytes.
    #[error("what follows `SHA256:` is not 43 letters of base64")]
    Digest,
}

impl HostKeyFingerprint {
    /// Takes the digest of a key.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Parses `SHA256:…`, with or without the `=` that some tools put at the end.
    ///
    /// # Errors
    ///
    /// The first [`FingerprintProblem`] found.
    pub fn parse(text: &str) -> Result<Self, FingerprintProblem> {
        let digest = text.strip_prefix(SCHEME).ok_or(FingerprintProblem::Scheme)?;
        let digest = digest.strip_suffix('=').unwrap_or(digest);
        let digest = STANDARD_NO_PAD.decode(digest).map_err(|_| FingerprintProblem::Digest)?;
        digest.try_into().map(Self).map_err(|_| FingerprintProblem::Digest)
    }
}

impl fmt::Display for HostKeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for HostKeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which host keys are good enough.
///
/// Both unset and `accepts_new` false is the strictest: every key is refused, and the refusal names the key that was
/// offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostKeyPolicy {
    /// The one key that is accepted. It decides alone: nothing else is looked at.
    pub pinned: Option<HostKeyFingerprint>,
    /// Text of a `known_hosts` file.
    pub known_hosts: Option<String>,
    /// Whether a key is accepted of a machine that `known_hosts` does not name. One that differs never is.
    pub accepts_new: bool,
    /// The key that was accepted so before: of a machine that `known_hosts` does not name, it is the only one.
    pub recorded: Option<HostKeyFingerprint>,
}

impl HostKeyPolicy {
    /// Whether it names one key, which may be another one than the server shows first.
    pub fn names_one(&self) -> bool {
        self.pinned.is_some() || self.accepts_new && self.recorded.is_some()
    }

    /// Only this key.
    pub fn pinned(key: HostKeyFingerprint) -> Self {
        Self { pinned: Some(key), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_back_as_ssh_keygen_shows_it() {
        let text = "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE";
        assert_eq!(HostKeyFingerprint::parse(text).map(|it| it.to_string()), Ok(text.to_owned()));
        assert_eq!(HostKeyFingerprint::parse(&format!("{text}=")), HostKeyFingerprint::parse(text));
    }

    #[test]
    fn other_kinds_and_broken_ones_are_refused() {
        let md5 = "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48";
        assert_eq!(HostKeyFingerprint::parse(md5), Err(FingerprintProblem::Scheme));
        for text in ["SHA256:", "SHA256:abcd", "SHA256:!NiVztksCsDhcc0u9e8BgrJXVGDlaXrS3kKlYt2BUlE"] {
            assert_eq!(HostKeyFingerprint::parse(text), Err(FingerprintProblem::Digest), "{text}");
        }
    }
}
