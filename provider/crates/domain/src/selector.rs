//! Choosing members by their labels.

use std::collections::BTreeMap;

/// Labels that a member must all have. Empty chooses every member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// Key to value, compared exactly.
    pub match_labels: BTreeMap<String, String>,
}

impl LabelSelector {
    /// Whether `labels` has every label of the selector.
    pub fn chooses(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_must_match_and_none_chooses_all() {
        let labels = BTreeMap::from([("env".to_owned(), "edge".to_owned())]);
        assert!(LabelSelector::default().chooses(&BTreeMap::new()));
        assert!(LabelSelector { match_labels: labels.clone() }.chooses(&labels));
        let other = BTreeMap::from([("env".to_owned(), "hub".to_owned())]);
        assert!(!LabelSelector { match_labels: labels }.chooses(&other));
    }
}
