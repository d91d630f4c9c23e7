//! Versions of Kubernetes.

use std::fmt;

use semver::Version;

/// A version of Kubernetes, as in `1.34.4`.
///
/// It is accepted with and without a leading `v`, and the two are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion(Version);

/// Why a text is not a version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version such as `1.34.4`")]
pub struct VersionProblem(pub String);

impl KubernetesVersion {
    /// Parses `1.34.4` or `v1.34.4`, a pre-release such as `1.35.0-rc.1` included.
    ///
    /// # Errors
    ///
    /// [`VersionProblem`] with the text.
    pub fn parse(text: &str) -> Result<Self, VersionProblem> {
        Version::parse(text.strip_prefix('v').unwrap_or(text))
            .map(Self)
            .map_err(|_| VersionProblem(text.to_owned()))
    }

    /// The minor version: 34 of `1.34.4`.
    pub fn minor(&self) -> u64 {
        self.0.minor
    }

    /// Whether it is `1.minor` or newer; a pre-release of `1.minor.0` counts.
    pub fn is_at_least(&self, minor: u64) -> bool {
        (self.0.major, self.0.minor) >= (1, minor)
    }

    /// The spelling that Kubernetes' own files use: `v1.34.4`.
    pub fn with_v(&self) -> String {
        format!("v{}", self.0)
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_version() {
        let plain = KubernetesVersion::parse("1.34.4").unwrap();
        assert_eq!(KubernetesVersion::parse("v1.34.4"), Ok(plain.clone()));
        assert_eq!(
            (plain.to_string(), plain.with_v(), plain.minor()),
            ("1.34.4".into(), "v1.34.4".into(), 34)
        );
        assert_eq!(KubernetesVersion::parse("1.34"), Err(VersionProblem("1.34".into())));
    }

    #[test]
    fn versions_are_compared_by_number() {
        let nine = KubernetesVersion::parse("1.34.9").unwrap();
        let ten = KubernetesVersion::parse("1.34.10").unwrap();
        assert!(nine < ten);
        assert!(nine.is_at_least(34) && !nine.is_at_least(35));
    }
}
