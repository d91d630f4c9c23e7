//! What scripts answer: lines that begin with `kurator:`, among whatever else commands print.

/// The lines of an answer, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer(Vec<(String, String)>);

/// Why a script ended early, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The machine bears somebody else's mark, whose lines are given.
    #[error("the machine belongs to somebody else: {0}")]
    Claimed(String),
    /// The machine bears no mark, so a step before was left out or undone.
    #[error("the machine bears no mark of this cluster")]
    Unclaimed,
    /// A program is missing.
    #[error("the machine has no {0}")]
    Tool(String),
    /// An artifact could not be fetched.
    #[error("{artifact} could not be fetched from {url}")]
    Fetch {
        /// Which.
        artifact: String,
        /// From where.
        url: String,
    },
    /// The published checksum of an artifact could not be fetched, or is not in the file.
    #[error("the checksum of {artifact} was not found at {url}")]
    Checksum {
        /// Which.
        artifact: String,
        /// Where it was looked for.
        url: String,
    },
    /// An artifact is not what it should be. Nothing of it was installed.
    #[error("{artifact} from {url} has the SHA-256 {got}, and {want} was expected")]
    Mismatch {
        /// Which.
        artifact: String,
        /// From where.
        url: String,
        /// The digest that was expected.
        want: String,
        /// The digest of what came.
        got: String,
    },
    /// The API does not answer at its name.
    #[error("the API does not answer at {0}")]
    Unreachable(String),
    /// The API answers, but does not know the token yet.
    #[error("the cluster has not signed the token {0}")]
    Unsigned(String),
    /// Another step that failed, with what it says.
    #[error("{step}: {text}")]
    Step {
        /// Which.
        step: String,
        /// What it says.
        text: String,
    },
}

impl Answer {
    /// Reads standard output. Lines of others are left out.
    pub fn read(stdout: &str) -> Self {
        Self(
            stdout
                .lines()
                .filter_map(|line| {
                    let said = line.trim_end_matches('\r').strip_prefix("kurator:")?;
                    let (key, value) = said.split_once(' ').unwrap_or((said, ""));
                    Some((key.to_owned(), value.trim().to_owned()))
                })
                .collect(),
        )
    }

    /// The values of `key`, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// The last value of `key`.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// Whether `key` was said.
    pub fn has(&self, key: &str) -> bool {
        self.one(key).is_some()
    }

    /// The last lines of the log of a step that failed; tokens and keys are not in them.
    pub fn log(&self) -> Vec<String> {
        self.all("log").map(str::to_owned).collect()
    }

    /// Why the script ended early; none where it did not say so.
    pub fn failure(&self) -> Option<Failure> {
        let words: Vec<&str> = self.all("failed").next()?.split_whitespace().collect();
        Some(match words.as_slice() {
            ["claimed", rest @ ..] => Failure::Claimed(rest.join(" ")),
            ["unclaimed", ..] => Failure::Unclaimed,
            ["tool", rest @ ..] => Failure::Tool(rest.join(" ")),
            ["fetch", artifact, url] => {
                Failure::Fetch { artifact: (*artifact).to_owned(), url: (*url).to_owned() }
            }
            ["checksum", artifact, url] => {
                Failure::Checksum { artifact: (*artifact).to_owned(), url: (*url).to_owned() }
            }
            ["mismatch", artifact, url, want, got] => Failure::Mismatch {
                artifact: (*artifact).to_owned(),
                url: (*url).to_owned(),
                want: (*want).to_owned(),
                got: (*got).to_owned(),
            },
            ["unreachable", endpoint] => Failure::Unreachable((*endpoint).to_owned()),
            ["unsigned", token] => Failure::Unsigned((*token).to_owned()),
            [step, rest @ ..] => Failure::Step { step: (*step).to_owned(), text: rest.join(" ") },
            [] => Failure::Step { step: String::new(), text: String::new() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_among_what_others_print() {
        let answer =
            Answer::read("Welcome!\nkurator:log one\r\nkurator:ready\nkurator:log two words\n kurator:no\n");
        assert_eq!(answer.log(), ["one", "two words"]);
        assert_eq!((answer.one("ready"), answer.has("no")), (Some(""), false));
        assert_eq!(answer.failure(), None);
    }

    #[test]
    fn failures_are_told_apart() {
        let failure = |text: &str| Answer::read(&format!("kurator:failed {text}\n")).failure();
        assert_eq!(
            failure("mismatch kubelet https://x/kubelet aa bb"),
            Some(Failure::Mismatch {
                artifact: "kubelet".into(),
                url: "https://x/kubelet".into(),
                want: "aa".into(),
                got: "bb".into(),
            })
        );
        assert_eq!(failure("unreachable api.x:6443"), Some(Failure::Unreachable("api.x:6443".into())));
        assert_eq!(
            failure("init it ended with 1"),
            Some(Failure::Step { step: "init".into(), text: "it ended with 1".into() })
        );
        assert_eq!(failure("claimed name=b owner=c"), Some(Failure::Claimed("name=b owner=c".into())));
    }
}
