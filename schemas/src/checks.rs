//! Checks of single values, asked only about values that are wholly known and not null.

use tf_value::attribute::Complaint;
use tf_value::raw::Raw;

pub mod machines;

/// The longest name of a fleet, in bytes: its namespace is `kurator-NAME`, and a namespace has at most 63.
pub const FLEET_NAME_MOST: usize = 55;

/// A DNS-1123 label of at most 63 bytes.
pub fn name(value: &Raw) -> Option<Complaint> {
    label("Name", value.text()?, 63)
}

/// The longest name of a Helm release, in bytes.
pub const RELEASE_NAME_MOST: usize = 53;

/// The name of a Helm release.
pub fn release_name(value: &Raw) -> Option<Complaint> {
    label("Release name", value.text()?, RELEASE_NAME_MOST)
}

/// The name of a fleet.
pub fn fleet_name(value: &Raw) -> Option<Complaint> {
    label("Fleet name", value.text()?, FLEET_NAME_MOST)
}

/// A map or an object of nested attributes whose keys are names.
pub fn keys_are_names(value: &Raw) -> Option<Complaint> {
    value.entries()?.keys().find_map(|key| label("Key", key, 63))
}

/// A map that holds something.
pub fn not_empty(value: &Raw) -> Option<Complaint> {
    value.entries()?.is_empty().then(|| Complaint {
        summary: "Nothing is in it".to_owned(),
        detail: "The map is empty.\n\nAdd at least one entry.".to_owned(),
    })
}

fn label(what: &str, text: &str, most: usize) -> Option<Complaint> {
    let problem = if text.is_empty() {
        "it is empty".to_owned()
    } else if let Some(odd) =
        text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))
    {
        format!("`{odd}` is not allowed in it")
    } else if text.len() > most {
        format!("it has {} characters, and {most} is the most", text.len())
    } else if text.starts_with('-') || text.ends_with('-') {
        "it starts or ends with a dash".to_owned()
    } else {
        return None;
    };
    Some(Complaint {
        summary: format!("{what} is not a DNS-1123 label"),
        detail: format!(
            "`{text}` cannot be part of a Kubernetes object's name: {problem}.\n\nUse lower-case letters, digits and \
             dashes, beginning and ending with a letter or a digit, at most {most} characters."
        ),
    })
}

/// A Go-style duration above zero, such as `90s` or `1h30m`.
pub fn duration(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    (!is_duration(text)).then(|| Complaint {
        summary: "Not a duration".to_owned(),
        detail: format!("`{text}` is not a duration above zero.\n\nWrite it like `30s`, `10m` or `1h30m`."),
    })
}

fn is_duration(text: &str) -> bool {
    seconds(text).is_some_and(|seconds| seconds > 0.0)
}

/// A Go-style duration in seconds; none for what is not one.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let scale = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Some(sum)
}

/// A duration that an API server takes for the lifetime of a token: it refuses less than ten minutes.
pub fn token_lifetime(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    duration(value).or_else(|| {
        seconds(text).is_none_or(|seconds| seconds < 600.0).then(|| Complaint {
            summary: "Lifetime is too short".to_owned(),
            detail: format!("`{text}` is less than ten minutes, the least that an API server gives.\n\nWrite `10m` or more."),
        })
    })
}

/// The name of a Kubernetes object that may have dots in it: a DNS-1123 subdomain.
pub fn subdomain(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let parts_are_good = text.split('.').all(|part| label("Part", part, 253).is_none());
    (!parts_are_good || text.len() > 253).then(|| Complaint {
        summary: "Not a name that Kubernetes takes".to_owned(),
        detail: format!(
            "`{text}` is not a DNS-1123 subdomain.\n\nUse lower-case letters, digits, dashes and dots, each part \
             beginning and ending with a letter or a digit, at most 253 characters."
        ),
    })
}

/// A URL that Flux's source controller takes for git.
pub fn git_url(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let rest = ["http://", "https://", "ssh://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let problem = match rest {
        None => "it does not begin with `http://`, `https://` or `ssh://`",
        Some(rest) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            // Of SSH the user is part of the address. Of HTTP it may be a token all by itself.
            let is_secret = user.contains(':') || !(user.is_empty() || text.starts_with("ssh://"));
            if is_secret {
                "it holds credentials, which would be stored in state"
            } else if host.is_empty() {
                "no host follows the scheme"
            } else {
                return None;
            }
        }
    };
    Some(Complaint {
        summary: "Git URL cannot be used".to_owned(),
        // The URL is not repeated: it may hold a password.
        detail: format!(
            "The URL is not usable: {problem}.\n\nWrite it like `https://HOST/PATH.git`, with credentials in a Secret \
             named by `secret_name`."
        ),
    })
}

/// The part of an `oci://` URL that matters here: its scheme.
pub fn oci_url(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    (!text.starts_with("oci://")).then(|| Complaint {
        summary: "Not the URL of an OCI artifact".to_owned(),
        detail: format!("`{text}` does not begin with `oci://`.\n\nWrite it like `oci://ghcr.io/ORG/NAME`."),
    })
}

/// A content digest.
pub fn digest(value: &Raw) -> Option<Complaint> {
    let text = value.text()?;
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    (hex.len() != 64 || !hex.bytes().all(|c| c.is_ascii_hexdigit())).then(|| Complaint {
        summary: "Not a digest".to_owned(),
        detail: format!("`{text}` is not `sha256:` and 64 hexadecimal digits.\n\nCopy it from the registry."),
    })
}

/// A count of at least one.
pub fn at_least_one(value: &Raw) -> Option<Complaint> {
    let Raw::Number(number) = value else { return None };
    number.as_i64().is_none_or(|count| count < 1).then(|| Complaint {
        summary: "Not a count of at least one".to_owned(),
        detail: format!(
            "`{number}` is not a whole number of at least 1.\n\nWrite one, or \
             remove the attribute for its default."
        ),
    })
}

/// A count that may be nought.
pub fn count(value: &Raw) -> Option<Complaint> {
    let Raw::Number(number) = value else { return None };
    let is_one = number.as_i64().is_some_and(|count| u32::try_from(count).is_ok());
    (!is_one).then(|| Complaint {
        summary: "Not a count".to_owned(),
        detail: format!(
            "`{number}` is not a whole number of at least 0.\n\nWrite one, or remove the attribute."
        ),
    })
}

/// What makes a new chart of a new commit.
pub fn reconcile_strategy(value: &Raw) -> Option<Complaint> {
    one_of(value, &["chart_version", "revision"])
}

/// Kubernetes label keys and values.
pub fn labels(value: &Raw) -> Option<Complaint> {
    value.entries()?.iter().find_map(|(key, value)| {
        let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
        let bad = if !is_label_text(name) || name.is_empty() {
            format!("the key `{key}`")
        } else {
            let text = value.text()?;
            if is_label_text(text) {
                return None;
            }
            format!("the value `{text}` of `{key}`")
        };
        Some(Complaint {
            summary: "Not a Kubernetes label".to_owned(),
            detail: format!(
                "Not allowed: {bad}.\n\nUse at most 63 letters, digits, dashes, underscores and dots, beginning and \
                 ending with a letter or a digit."
            ),
        })
    })
}

fn is_label_text(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

/// One of `words`: for use in a check of an enum.
pub(crate) fn one_of(value: &Raw, words: &[&str]) -> Option<Complaint> {
    let text = value.text()?;
    (!words.contains(&text)).then(|| Complaint {
        summary: "Not one of the possible values".to_owned(),
        detail: format!(
            "`{text}` is not one of the possible values.\n\nWrite one of `{}`.",
            words.join("`, `")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_durations_and_urls() {
        assert_eq!(name(&Raw::string("edge-1")), None);
        assert!(name(&Raw::string("Edge")).is_some_and(|c| c.detail.contains("`E`")));
        assert!(fleet_name(&Raw::string("x".repeat(56))).is_some());
        for good in ["30s", "1h30m", "1.5h", "500ms"] {
            assert_eq!(duration(&Raw::string(good)), None, "{good}");
        }
        for bad in ["", "0s", "10", "ten", "5d", "-1s"] {
            assert!(duration(&Raw::string(bad)).is_some(), "{bad}");
        }
        for url in ["ssh://git@host/apps.git", "ssh://git@host:2222/apps.git", "https://host:3000/a@b.git"] {
            assert_eq!(git_url(&Raw::string(url)), None, "{url}");
        }
        for url in ["https://hunter2@host/a.git", "ssh://me:hunter2@host/a.git", "https://", "ssh://git@"] {
            assert!(git_url(&Raw::string(url)).is_some(), "{url}");
        }
        let with_password = git_url(&Raw::string("https://me:hunter2@host/apps.git")).unwrap();
        assert!(!with_password.detail.contains("hunter2"));
        assert!(git_url(&Raw::string("host:apps.git")).is_some());
    }

    #[test]
    fn lifetimes_and_dotted_names() {
        for good in ["10m", "600s", "1h", "9m60s"] {
            assert_eq!(token_lifetime(&Raw::string(good)), None, "{good}");
        }
        assert!(token_lifetime(&Raw::string("599s")).is_some_and(|c| c.summary == "Lifetime is too short"));
        assert!(token_lifetime(&Raw::string("ten")).is_some());
        assert_eq!(subdomain(&Raw::string("deploy.bot-1")), None);
        for bad in ["", "Bot", "a..b", "-a", &"x".repeat(254)] {
            let told = subdomain(&Raw::string(bad)).map(|complaint| complaint.summary);
            assert_eq!(told.as_deref(), Some("Not a name that Kubernetes takes"), "{bad}");
        }
    }

    #[test]
    fn label_rules() {
        let labels_of =
            |key: &str, value: &str| labels(&Raw::Map([(key.to_owned(), Raw::string(value))].into()));
        assert_eq!(labels_of("example.com/env", "edge_1"), None);
        assert_eq!(labels_of("env", ""), None);
        assert!(labels_of("env", "-x").is_some());
        assert!(labels_of("e nv", "x").is_some());
    }
}
