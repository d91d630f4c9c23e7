//! What the provider asked of a cluster, as the proxy in front of it saw it, and cuts in the middle of that.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::bail;
use serde::{Deserialize, Serialize};

use crate::lab::Lab;
use crate::parts::control::{self, Answer, Ask};
use crate::runtime::block_on;

/// One request of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its place among all requests of the provider to this cluster, from 1.
    pub number: u64,
    /// The method, such as `PATCH`.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// What of the query says what is done: `fieldManager`, `dryRun`, `labelSelector`.
    pub query: Vec<(String, String)>,
    /// Whether it changes something that lasts.
    pub is_mutation: bool,
    /// What came of it.
    pub answer: Fate,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// There is no answer yet, or the provider did not wait for it.
    Open,
    /// It was answered with this status.
    Answered(u16),
    /// It was cut before it reached the cluster.
    NeverArrived,
    /// The cluster answered with this status, and the provider did not learn of it.
    Unheard(u16),
    /// The connection to the cluster broke.
    Broken,
}

/// Where a request is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Before it reaches the cluster.
    Before,
    /// After the cluster answered, before the provider learns of it.
    After,
    /// As [`Self::After`], but the connection stays open until the cut is lifted or the provider is gone.
    Hold,
    /// Not at all, but the provider learns of it only when the cut is lifted.
    Pause,
}

/// A cut: which mutating request, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Its place among the mutating requests of the scope, from 1.
    pub nth: u64,
    /// Where.
    pub way: Way,
}

impl FromStr for Way {
    type Err = anyhow::Error;

    /// Reads `before`, `after`, `hold` or `pause`.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "before" => Self::Before,
            "after" => Self::After,
            "hold" => Self::Hold,
            "pause" => Self::Pause,
            _ => bail!("a request is cut before, after, hold or pause, not {text}"),
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_mutation { '*' } else { ' ' };
        write!(formatter, "{:>5} {mark} {:<6} {}", self.number, self.method, self.path)?;
        for (place, (key, value)) in self.query.iter().enumerate() {
            write!(formatter, "{}{key}={value}", if place == 0 { '?' } else { '&' })?;
        }
        match self.answer {
            Fate::Open => write!(formatter, " -> no answer"),
            Fate::Answered(status) => write!(formatter, " -> {status}"),
            Fate::NeverArrived => write!(formatter, " -> cut before it arrived"),
            Fate::Unheard(status) => write!(formatter, " -> {status}, cut before the provider heard of it"),
            Fate::Broken => write!(formatter, " -> broken"),
        }
    }
}

impl Lab {
    /// Counts the mutating requests of the provider to `cluster` whose path holds `scope` from one anew, and cuts one
    /// of them if `cut` is given. The requests so far are no longer the scope's.
    ///
    /// Scopes do not disturb each other as long as none of them is a part of another.
    ///
    /// # Errors
    ///
    /// There is no such cluster, or its proxy does not answer.
    pub fn watch(&self, cluster: &str, scope: &str, cut: Option<Cut>) -> anyhow::Result<()> {
        self.tell_recorder(cluster, &Ask::Watch { scope: scope.to_owned(), cut })
    }

    /// The requests of the provider to `cluster` whose path holds `scope`, in their order.
    ///
    /// # Errors
    ///
    /// As [`Self::watch`].
    pub fn requests(&self, cluster: &str, scope: &str) -> anyhow::Result<Vec<Request>> {
        self.check_cluster(cluster)?;
        let ask = Ask::Requests { scope: scope.to_owned() };
        match block_on(control::ask(&self.layout.proxy_control(cluster), &ask))? {
            Answer::Requests(requests) => Ok(requests),
            other => bail!("the proxy of {cluster} answers {other:?}"),
        }
    }

    /// Waits until the cut of `scope` has happened; gives the request, or none if it did not within `patience`.
    ///
    /// # Errors
    ///
    /// As [`Self::watch`].
    pub fn await_cut(
        &self,
        cluster: &str,
        scope: &str,
        patience: Duration,
    ) -> anyhow::Result<Option<Request>> {
        self.check_cluster(cluster)?;
        let ask = Ask::AwaitCut { scope: scope.to_owned(), patience };
        match block_on(control::ask_patiently(&self.layout.proxy_control(cluster), &ask, patience))? {
            Answer::Cut(request) => Ok(request),
            other => bail!("the proxy of {cluster} answers {other:?}"),
        }
    }

    /// Lifts the cut of `scope`: a held request breaks now, a paused one is answered, and nothing further is cut.
    ///
    /// # Errors
    ///
    /// As [`Self::watch`].
    pub fn lift_cut(&self, cluster: &str, scope: &str) -> anyhow::Result<()> {
        self.tell_recorder(cluster, &Ask::LiftCut { scope: scope.to_owned() })
    }

    fn tell_recorder(&self, cluster: &str, ask: &Ask) -> anyhow::Result<()> {
        self.check_cluster(cluster)?;
        match block_on(control::ask(&self.layout.proxy_control(cluster), ask))? {
            Answer::Done => Ok(()),
            other => bail!("the proxy of {cluster} answers {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_shown_with_what_was_done_and_what_came_of_it() {
        let request = Request {
            number: 7,
            method: "PATCH".to_owned(),
            path: "/api/v1/namespaces/a".to_owned(),
            query: vec![("fieldManager".to_owned(), "m".to_owned()), ("dryRun".to_owned(), "All".to_owned())],
            is_mutation: true,
            answer: Fate::Unheard(201),
        };
        assert_eq!(
            request.to_string(),
            "    7 * PATCH  /api/v1/namespaces/a?fieldManager=m&dryRun=All -> 201, cut before the provider heard of it"
        );
    }
}
