//! A lab of our own to measure against, and its API server's counters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

use crate::build::Built;
use crate::run;

/// A lab with one cluster, which goes down with this value.
pub(crate) struct Site<'a> {
    built: &'a Built,
    dir: PathBuf,
    /// The kubeconfig, with the context `hub`.
    pub(crate) kubeconfig: PathBuf,
    /// The git repository that applications come from.
    pub(crate) git_url: String,
    kubectl: PathBuf,
}

#[derive(Deserialize)]
struct Environment {
    kubeconfig: PathBuf,
    git_url: String,
}

impl<'a> Site<'a> {
    /// Starts a lab in `dir` whose git server has the content of `apps`.
    pub(crate) fn up(built: &'a Built, dir: &Path, apps: &Path) -> anyhow::Result<Self> {
        let kubectl = built.tool("kubectl")?;
        let mut site =
            Self { built, dir: dir.to_owned(), kubeconfig: PathBuf::new(), git_url: String::new(), kubectl };
        run::output(&mut site.lab(&["up", "control-planes", "--clusters", "1"]))?;
        run::output(site.lab(&["git", "seed", "apps"]).arg(apps))?;
        let environment: Environment = serde_json::from_str(&run::output(&mut site.lab(&["env"]))?)
            .context("reading what the lab says")?;
        site.kubeconfig = environment.kubeconfig;
        site.git_url = format!("{}/apps.git", environment.git_url.trim_end_matches('/'));
        Ok(site)
    }

    /// A command of the lab.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = self.built.lab(arguments);
        command.arg("--dir").arg(&self.dir);
        command
    }

    /// A command of kubectl.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(["--context", "hub"]).args(arguments);
        command
    }

    /// Requests that the API server has answered, by verb and kind, for the kinds that `counts` accepts.
    pub(crate) fn answered(&self, counts: impl Fn(&str) -> bool) -> anyhow::Result<Requests> {
        let metrics = run::output(&mut self.kubectl(&["get", "--raw", "/metrics"]))?;
        Ok(Requests::read(&metrics, counts))
    }
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        // Nobody is left to tell; the lab's own tests see to it that this works.
        drop(run::output(&mut self.lab(&["down"])));
    }
}

/// Requests by what they were, such as `LIST kustomizations`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requests(BTreeMap<String, u64>);

impl Requests {
    /// Reads the API server's counter out of its metrics.
    fn read(metrics: &str, counts: impl Fn(&str) -> bool) -> Self {
        let mut found = BTreeMap::new();
        for line in metrics.lines() {
            let Some(rest) = line.strip_prefix("apiserver_request_total{") else { continue };
            let Some((labels, number)) = rest.rsplit_once("} ") else { continue };
            let label = |name: &str| {
                let labels = labels.split("\",");
                labels
                    .filter_map(|label| label.split_once("=\""))
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.trim_end_matches('"').to_owned())
            };
            let (Some(verb), Some(resource)) = (label("verb"), label("resource")) else { continue };
            if verb == "WATCH" || !counts(&resource) {
                continue;
            }
            // Prometheus writes large counters as floats, such as 1.2e+03.
            let number = number.trim().parse::<f64>().unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a counter")]
            let number = number as u64;
            *found.entry(format!("{verb} {resource}")).or_default() += number;
        }
        Self(found)
    }

    /// What came since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let more = self.0.iter().map(|(what, count)| {
            (what.clone(), count.saturating_sub(before.0.get(what).copied().unwrap_or_default()))
        });
        Self(more.filter(|(_, count)| *count > 0).collect())
    }

    /// All of them together.
    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    /// Each kind with its count.
    pub(crate) fn in_words(&self) -> String {
        self.0.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_from_metrics_and_subtracted() {
        let line = |resource: &str, verb: &str, code: u16, count: &str| {
            format!(
                "apiserver_request_total{{code=\"{code}\",group=\"g\",resource=\"{resource}\",\
                 verb=\"{verb}\"}} {count}\n"
            )
        };
        let read = |text: &str| Requests::read(text, |resource| resource != "leases");
        let before = read(&line("secrets", "GET", 200, "7"));
        let after = read(
            &[
                line("secrets", "GET", 200, "1.2e+01"),
                line("secrets", "GET", 404, "1"),
                line("secrets", "WATCH", 200, "90"),
                line("leases", "GET", 200, "90"),
            ]
            .concat(),
        );
        let came = after.since(&before);
        assert_eq!((came.sum(), came.in_words().as_str()), (6, "6 GET secrets"));
    }
}
