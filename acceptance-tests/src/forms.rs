//! The forms in which a secret may lie in a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

/// What to look for: one secret in one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    /// The form, in words.
    pub form: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// All forms of a secret: as it is, in JSON, in a URL, and in base64 at each of its three offsets, also URL-safe.
pub fn of(secret: &[u8]) -> Vec<Needle> {
    let mut needles = vec![
        Needle { form: "raw", bytes: secret.to_vec() },
        Needle {
            form: "URL-encoded",
            bytes: percent_encode(secret, NON_ALPHANUMERIC).to_string().into_bytes(),
        },
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        let quoted = serde_json::Value::from(text).to_string();
        needles.push(Needle { form: "in JSON", bytes: quoted.trim_matches('"').as_bytes().to_vec() });
    }
    for offset in 0..3 {
        let encoded = base64_at(secret, offset);
        let url_safe = encoded.replace('+', "-").replace('/', "_");
        needles.push(Needle { form: "base64", bytes: encoded.into_bytes() });
        needles.push(Needle { form: "URL-safe base64", bytes: url_safe.into_bytes() });
    }
    needles.dedup_by(|one, other| one.bytes == other.bytes);
    needles
}

/// The characters that stand for `secret` alone when `offset` bytes precede it: those at both ends that depend on
/// its neighbours are left away.
fn base64_at(secret: &[u8], offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret);
    let whole_groups = bytes.len() / 3 * 4;
    let encoded = STANDARD.encode(&bytes);
    let first = offset.div_ceil(3) * 4;
    encoded.get(first..whole_groups).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_base64_whatever_surrounds_it() {
        let secret = b"a-secret-of-some-length";
        for before in ["", "x", "xy", "xyz", "xyzx"] {
            for after in ["", "1", "12", "123"] {
                let text = STANDARD.encode([before.as_bytes(), secret, after.as_bytes()].concat());
                let found = of(secret).iter().any(|needle| {
                    needle.form == "base64"
                        && text.as_bytes().windows(needle.bytes.len()).any(|it| it == needle.bytes)
                });
                assert!(found, "{before:?} {after:?} {text}");
            }
        }
    }

    #[test]
    fn a_secret_of_several_lines_is_found_in_json() {
        let needles = of(b"one\ntwo");
        assert!(needles.contains(&Needle { form: "in JSON", bytes: b"one\\ntwo".to_vec() }));
        assert!(needles.contains(&Needle { form: "URL-encoded", bytes: b"one%0Atwo".to_vec() }));
    }
}
