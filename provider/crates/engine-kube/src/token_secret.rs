//! The token of the fleet's account: a `Secret` that the member's token controller fills in.
//!
//! Not a `TokenRequest`: what that gives expires, with nobody there to renew it.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use domain::fleet::AccessSpec;
use engines::secret::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::ACCESS;
use crate::metadata::wanted;

/// The Secret as the API server gives it, as far as we look at it.
#[derive(Deserialize)]
pub(crate) struct TokenSecret {
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    token: Option<String>,
    #[serde(rename = "ca.crt")]
    authority: Option<String>,
}

/// What the token controller filled in.
pub(crate) struct Token {
    /// The bearer token.
    pub(crate) token: SecretString,
    /// PEM of the cluster's own authority.
    pub(crate) authority: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// The Secrets in the account's namespace.
pub(crate) fn collection(access: &AccessSpec) -> Collection {
    Collection::new("v1", "Secret", "secrets", Some(&access.namespace))
}

/// The Secret as we apply it: empty, with the account's name for the token controller.
pub(crate) fn body(access: &AccessSpec) -> Value {
    let labels = [(ACCESS, access.account.as_str())];
    let annotations =
        BTreeMap::from([("kubernetes.io/service-account.name".to_owned(), access.account.clone())]);
    json!({
        "metadata": wanted(&access.account, Some(&access.namespace), &labels, &annotations),
        "type": "kubernetes.io/service-account-token",
    })
}

impl TokenSecret {
    /// What was filled in; none while a part is missing.
    pub(crate) fn token(self) -> Option<Token> {
        let decode = |text: String| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
            String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
        };
        Some(Token {
            token: SecretString::from(decode(self.data.token?)?),
            authority: decode(self.data.authority?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::secret::ExposeSecret as _;

    fn read(data: &Value) -> Option<Token> {
        serde_json::from_value::<TokenSecret>(json!({ "metadata": {}, "data": data })).unwrap().token()
    }

    #[test]
    fn a_token_is_there_when_both_parts_are() {
        assert!(read(&json!({})).is_none());
        assert!(read(&json!({ "token": "aHVudGVyMg==" })).is_none());
        let token = read(&json!({ "token": "aHVudGVyMg==", "ca.crt": "UEVN", "namespace": "YQ==" })).unwrap();
        assert_eq!(token.token.expose_secret(), "hunter2");
        assert_eq!(token.authority, "PEM");
        assert!(!format!("{token:?}").contains("hunter2"));
    }
}
