//! A host that runs a watched provider on a configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::bench::usage::{Usage, Watched, of_children};
use crate::host::{Host, Workplace};
use crate::run;

/// A folder with one configuration.
pub(crate) struct Hosted {
    host: Host,
    workplace: Workplace,
    watched: Watched,
    config: PathBuf,
}

/// What one command took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Took {
    /// What the provider's processes used. First, so that the median is by it.
    pub(crate) provider: Usage,
    /// From start to end.
    pub(crate) wall: Duration,
    /// Processor time of the host alone.
    pub(crate) host: Duration,
}

impl Hosted {
    /// Lets `host` work in `folder` on `config` with `provider`, which the configuration calls `source`.
    pub(crate) fn new(
        host: &Host,
        folder: &Path,
        config: &str,
        source: &str,
        provider: &Path,
    ) -> anyhow::Result<Self> {
        let watched = Watched::new(provider, folder)?;
        let workplace = Workplace::furnish_as(folder, source, &watched.script)?;
        let place = folder.join("config");
        fs::create_dir_all(&place).context("making a folder for the configuration")?;
        fs::write(place.join("main.tf"), config).context("writing the configuration")?;
        Ok(Self { host: host.clone(), workplace, watched, config: place })
    }

    /// The host's name.
    pub(crate) fn name(&self) -> &'static str {
        self.host.name
    }

    /// Sets the variables.
    pub(crate) fn set(&self, variables: &serde_json::Value) -> anyhow::Result<()> {
        fs::write(self.config.join("terraform.tfvars.json"), variables.to_string())
            .context("writing the variables")
    }

    /// Where the state is.
    pub(crate) fn state(&self) -> PathBuf {
        self.config.join("terraform.tfstate")
    }

    /// Runs a command, such as `plan`.
    pub(crate) fn run(&self, arguments: &[&str]) -> anyhow::Result<Took> {
        let before = of_children()?.cpu();
        let begun = Instant::now();
        let mut command = self.workplace.command(&self.host, &self.config, arguments);
        run::output(command.args(["-input=false", "-no-color"]))?;
        let wall = begun.elapsed();
        let all = of_children()?.cpu().saturating_sub(before);
        let provider = self.watched.take()?;
        Ok(Took { provider, wall, host: all.saturating_sub(provider.cpu()) })
    }

    /// Runs a plan that must find nothing to do, `times` over, and gives the one in the middle by what the provider used.
    pub(crate) fn empty_plan(&self, times: usize) -> anyhow::Result<Took> {
        self.often(&["plan", "-detailed-exitcode"], times, |took| *took)
    }

    /// Runs a plan, `times` over, and gives the one in the middle by the clock.
    pub(crate) fn plan(&self, times: usize) -> anyhow::Result<Took> {
        self.often(&["plan"], times, |took| took.wall)
    }

    fn often<K: Ord>(
        &self,
        arguments: &[&str],
        times: usize,
        by: impl FnMut(&Took) -> K,
    ) -> anyhow::Result<Took> {
        let mut took: Vec<Took> =
            (0..times.max(1)).map(|_| self.run(arguments)).collect::<anyhow::Result<_>>()?;
        took.sort_by_key(by);
        took.get(took.len() / 2).copied().context("measuring a plan")
    }
}
