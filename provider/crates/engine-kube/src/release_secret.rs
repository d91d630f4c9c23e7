//! helm's Secrets: one per revision of a release, with all that is wanted of it in its labels.

use engines::bootstrap::ReleaseFacts;

use crate::collection::Collection;
use crate::labels;
use crate::metadata::AnyObject;

/// The Secrets of a namespace.
pub(crate) fn collection(namespace: &str) -> Collection {
    Collection::new("v1", "Secret", "secrets", Some(namespace))
}

/// Chooses the Secrets of a release. Source: helm v3 and v4, `pkg/storage/driver/secrets.go`, read 2026-11-21.
pub(crate) fn selector(release: &str) -> String {
    labels::selector(&[("owner", "helm"), ("name", release)])
}

/// What helm wrote down last.
pub(crate) fn newest(secrets: &[AnyObject]) -> Option<ReleaseFacts> {
    let facts = |secret: &AnyObject| {
        let revision = secret.metadata.label("version")?.parse().ok()?;
        Some(ReleaseFacts { status: secret.metadata.label("status")?.to_owned(), revision })
    };
    secrets.iter().filter_map(facts).max_by_key(|facts| facts.revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_newest_revision_is_the_one_with_the_highest_number() {
        let secret = |version: &str, status: &str| {
            let labels = json!({ "owner": "helm", "name": "cilium", "version": version, "status": status });
            serde_json::from_value(json!({ "metadata": { "labels": labels } })).unwrap()
        };
        let secrets = [secret("9", "superseded"), secret("10", "pending-upgrade"), secret("x", "deployed")];
        let newest = newest(&secrets).unwrap();
        assert_eq!(newest, ReleaseFacts { status: "pending-upgrade".into(), revision: 10 });
    }
}
