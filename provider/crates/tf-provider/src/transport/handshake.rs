//! The first words: what the caller must show, and the one line we answer with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::transport::environment::Environment;

/// The value that Terraform and OpenTofu put into `TF_PLUGIN_MAGIC_COOKIE`.
pub const MAGIC_COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The version of go-plugin's own protocol, the first number of the line.
const CORE_PROTOCOL: u8 = 1;

/// The major version of Terraform's protocol, the second number of the line.
pub(crate) const APP_PROTOCOL: u8 = 6;

/// The caller and this provider have nothing to say to each other.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HandshakeError {
    /// A person started the program.
    #[error(
        "this is a Terraform provider, not a program to run by hand\n\n\
         Terraform or OpenTofu starts it by itself: name it under `required_providers` and run\n\
         `terraform init`. To try a binary you built, see `dev_overrides` in the Terraform documentation"
    )]
    NotATerraformProcess,
    /// Terraform 0.12 to 0.14, or something stranger.
    #[error(
        "this provider speaks protocol version 6, the caller only {offered}; Terraform 1.0 or later is needed"
    )]
    NoCommonProtocol {
        /// What the caller offered, in its own words.
        offered: String,
    },
}

/// Checks that a caller who speaks protocol 6 started us.
///
/// # Errors
///
/// [`HandshakeError`], whose text is meant for the person at the terminal.
pub fn check(environment: &Environment) -> Result<(), HandshakeError> {
    if environment.magic_cookie.as_deref() != Some(MAGIC_COOKIE) {
        return Err(HandshakeError::NotATerraformProcess);
    }
    let offered = environment.protocol_versions.as_deref().unwrap_or_default();
    let common = offered.split(',').any(|version| version.trim().parse() == Ok(APP_PROTOCOL));
    if common {
        Ok(())
    } else {
        let offered = if offered.is_empty() { "unnamed ones" } else { offered };
        Err(HandshakeError::NoCommonProtocol { offered: offered.to_owned() })
    }
}

/// The line that tells the caller where to call and whom to expect, with its line feed.
///
/// `certificate` is ours, in DER. The last field says that we cannot share one connection; only callers
/// that ask about it expect it.
pub(crate) fn line(
    network: &str,
    address: &str,
    certificate: Option<&[u8]>,
    environment: &Environment,
) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let multiplexing = if environment.asks_for_multiplexing { "|false" } else { "" };
    format!("{CORE_PROTOCOL}|{APP_PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplexing}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called_with(cookie: &str, versions: &str) -> Environment {
        Environment {
            magic_cookie: Some(cookie.to_owned()),
            protocol_versions: Some(versions.to_owned()),
            ..Environment::default()
        }
    }

    #[test]
    fn version_6_is_found_wherever_it_stands() {
        for versions in ["6", "5,6", "6,5", "5, 6"] {
            assert_eq!(check(&called_with(MAGIC_COOKIE, versions)), Ok(()), "{versions}");
        }
    }

    #[test]
    fn a_caller_without_version_6_is_told_so() {
        for (versions, offered) in [("5", "5"), ("", "unnamed ones"), ("16,60", "16,60")] {
            let refused = Err(HandshakeError::NoCommonProtocol { offered: offered.to_owned() });
            assert_eq!(check(&called_with(MAGIC_COOKIE, versions)), refused);
        }
    }

    #[test]
    fn a_wrong_cookie_is_refused() {
        assert_eq!(check(&called_with("x", "6")), Err(HandshakeError::NotATerraformProcess));
        assert_eq!(check(&Environment::default()), Err(HandshakeError::NotATerraformProcess));
    }

    #[test]
    fn the_certificate_has_no_padding_and_the_seventh_field_comes_on_demand() {
        let plain = line("unix", "/s", None, &Environment::default());
        let asked = Environment { asks_for_multiplexing: true, ..Environment::default() };
        let sealed = line("unix", "/s", Some(b"abcd"), &asked);
        assert_eq!(
            (plain.as_str(), sealed.as_str()),
            ("1|6|unix|/s|grpc|\n", "1|6|unix|/s|grpc|YWJjZA|false\n")
        );
    }
}
