//! What a `known_hosts` text says of a host.

use aws_lc_rs::hmac;
use domain::machine_address::{HostPort, SSH_PORT};
use russh::keys::PublicKey;
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, KnownHosts, Marker};

/// The keys of one host.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Keys it should have.
    pub(crate) keys: Vec<PublicKey>,
    /// Keys that nobody should have any more.
    pub(crate) revoked: Vec<PublicKey>,
}

/// Finds a host's keys. Lines that cannot be read are passed over, and so are authorities (`@cert-authority`): host
/// certificates are not asked for.
pub(crate) fn look_up(text: &str, at: &HostPort) -> Listed {
    let name = name_of(at);
    let mut listed = Listed::default();
    for line in text.lines() {
        // Each by itself, so that one bad line does not hide the ones behind it.
        for entry in KnownHosts::new(line).filter_map(Result::ok) {
            let keys = match entry.marker() {
                None => &mut listed.keys,
                Some(Marker::Revoked) => &mut listed.revoked,
                Some(Marker::CertAuthority) => continue,
            };
            if names(&entry, &name) {
                keys.push(entry.public_key().clone());
            }
        }
    }
    listed
}

/// A host as `known_hosts` writes it.
fn name_of(at: &HostPort) -> String {
    let host = at.host.to_ascii_lowercase();
    if at.port == SSH_PORT { host } else { format!("[{host}]:{}", at.port) }
}

fn names(entry: &Entry, name: &str) -> bool {
    match entry.host_patterns() {
        HostPatterns::HashedName { salt, hash } => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&key, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let mut is_named = false;
            for pattern in patterns {
                let pattern = pattern.to_ascii_lowercase();
                match pattern.strip_prefix('!') {
                    Some(pattern) if matches(pattern.as_bytes(), name.as_bytes()) => return false,
                    Some(_) => {}
                    None => is_named |= matches(pattern.as_bytes(), name.as_bytes()),
                }
            }
            is_named
        }
    }
}

/// Whether a pattern with `*` and `?` matches all of a name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, name) || name.split_first().is_some_and(|(_, name)| matches(pattern, name))
        }
        (Some((b'?', pattern)), Some((_, name))) => matches(pattern, name),
        (Some((letter, pattern)), Some((other, name))) => letter == other && matches(pattern, name),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G1sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";

    fn found(text: &str, host: &str) -> (usize, usize) {
        let listed = look_up(text, &HostPort::parse(host, SSH_PORT).unwrap());
        (listed.keys.len(), listed.revoked.len())
    }

    #[test]
    fn names_ports_patterns_and_negations_are_obeyed() {
        let text = format!(
            "# a comment\n\ncp1,10.0.0.1 {A}\n[gate]:2222 {A} somebody@here\n*.site,!bad.site {B}\nCP? {B}\n"
        );
        for (host, keys) in [
            ("cp1", 2),
            ("10.0.0.1", 1),
            ("gate:2222", 1),
            ("gate", 0),
            ("a.site", 1),
            ("bad.site", 0),
            ("cp1:2222", 0),
            ("site", 0),
        ] {
            assert_eq!(found(&text, host), (keys, 0), "{host}");
        }
    }

    #[test]
    fn revoked_keys_are_told_apart_and_authorities_passed_over() {
        let text = format!("@revoked * {A}\n@cert-authority *.site {B}\ncp1 {B}");
        assert_eq!(found(&text, "cp1"), (1, 1));
        assert_eq!(found(&text, "a.site"), (0, 1));
    }

    #[test]
    fn a_bad_line_hides_nothing() {
        assert_eq!(found(&format!("cp1 ssh-ed25519 !!!\nwhat\ncp1 {A}\n"), "cp1"), (1, 0));
    }
}
