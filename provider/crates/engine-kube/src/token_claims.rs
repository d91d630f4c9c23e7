//! What a bearer token says of itself, if it is a JWT. Nothing is verified: the API server does that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

/// The claims that matter here.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct Claims {
    /// Who it is about.
    sub: Option<String>,
    /// When it ends, in seconds since 1970.
    exp: Option<f64>,
}

impl Claims {
    /// Reads a token; one that is no JWT claims nothing.
    pub(crate) fn of(token: &str) -> Self {
        let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// When it ends.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a number that is too large is no time, and refused below"
        )]
        let seconds = self.exp? as i64;
        Timestamp::from_second(seconds).ok()
    }

    /// The service account it is about: namespace and name.
    pub(crate) fn service_account(&self) -> Option<(&str, &str)> {
        self.sub.as_deref()?.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_jwt_says_whose_it_is_and_when_it_ends() {
        let text = r#"{"sub":"system:serviceaccount:ci:deployer","exp":1800000000,"aud":["https://x"]}"#;
        let claims = Claims::of(&token(text));
        assert_eq!(claims.service_account(), Some(("ci", "deployer")));
        assert_eq!(claims.expires().map(|it| it.to_string()).as_deref(), Some("2027-01-15T08:00:00Z"));
        let person = Claims::of(&token(r#"{"sub":"ann","exp":1800000000.5}"#));
        assert_eq!(person.service_account(), None);
        assert!(person.expires().is_some());
    }

    #[test]
    fn any_other_token_claims_nothing() {
        for text in ["", "hunter2", "a.b.c", &token("[]"), &token(r#"{"exp":"soon"}"#)] {
            assert_eq!(Claims::of(text), Claims::default(), "{text}");
        }
        assert_eq!(Claims::of(&token(r#"{"exp":1e300}"#)).expires(), None);
    }
}
