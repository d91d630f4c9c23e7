//! A change in words, for the plan to show. A function of configuration and stored attributes alone.

/// The most steps that are listed.
pub const MOST_STEPS: usize = 20;

/// A change in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastChange {
    /// What it was, in short; empty for a create.
    pub from: String,
    /// What it becomes, in short.
    pub to: String,
    /// The steps in their order, at most [`MOST_STEPS`] lines.
    pub steps: Vec<String>,
}

/// The only step of a change that asks for nothing else than is stored.
const MEND: &str = "mend";

impl LastChange {
    /// A change from `from` to `to`. Without steps it mends.
    pub fn new(from: String, to: String, steps: Vec<String>) -> Self {
        Self { from, to, steps: shortened(if steps.is_empty() { vec![MEND.to_owned()] } else { steps }) }
    }

    /// Whether it asks for nothing else than is stored.
    pub fn only_mends(&self) -> bool {
        self.steps == [MEND]
    }
}

/// Cuts `steps` to [`MOST_STEPS`] lines; the last line counts the rest.
fn shortened(mut steps: Vec<String>) -> Vec<String> {
    if steps.len() > MOST_STEPS {
        let rest = steps.len() - (MOST_STEPS - 1);
        steps.truncate(MOST_STEPS - 1);
        steps.push(format!("and {rest} more"));
    }
    steps
}

/// `1 cluster`, `2 clusters`.
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_in_a_count() {
        let steps = shortened((0..25).map(|n| n.to_string()).collect());
        assert_eq!(steps.len(), MOST_STEPS);
        assert_eq!(steps[19], "and 6 more");
    }
}
