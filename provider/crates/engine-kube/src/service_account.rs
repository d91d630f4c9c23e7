//! The fleet's account on a member: a `ServiceAccount`.

use std::collections::BTreeMap;

use domain::fleet::AccessSpec;
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::labels::ACCESS;
use crate::metadata::wanted;

/// The service accounts in the account's namespace.
pub(crate) fn collection(access: &AccessSpec) -> Collection {
    Collection::new("v1", "ServiceAccount", "serviceaccounts", Some(&access.namespace))
}

/// The account as we apply it. No pod runs under it, so none gets its token.
pub(crate) fn body(access: &AccessSpec) -> Value {
    let labels = [(ACCESS, access.account.as_str())];
    json!({
        "metadata": wanted(&access.account, Some(&access.namespace), &labels, &BTreeMap::new()),
        "automountServiceAccountToken": false,
    })
}
