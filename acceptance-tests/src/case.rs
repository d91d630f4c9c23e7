//! One claim under one host.

use std::cell::RefCell;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::apps;
use crate::environment;
use crate::host::Host;
use crate::site::Site;
use crate::snapshot::Snapshot;
use crate::workspace::Workspace;

/// A claim and what it is checked with.
pub struct Case<'a> {
    /// The lab and the provider.
    pub site: &'a Site,
    /// The host.
    pub host: &'a Host,
    /// The case's own name, a DNS-1123 label: of its fleet, its repository and its objects.
    pub name: String,
    /// What the case has begun, to be ended when it fails.
    begun: RefCell<Vec<std::rc::Rc<Workspace>>>,
}

impl<'a> Case<'a> {
    /// Prepares a case.
    pub fn new(site: &'a Site, host: &'a Host, short_name: &str) -> Self {
        let name = format!("{short_name}-{}", host.kind.name());
        Self { site, host, name, begun: RefCell::default() }
    }

    /// Checks the claim. Afterwards every fault is healed, and what a failed claim left in its workspaces is destroyed.
    ///
    /// # Errors
    ///
    /// The claim does not hold; the lab cannot be healed.
    pub fn check(self, claim: fn(&Case<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let outcome = claim(&self);
        let healed = self.site.lab.heal().context("healing the lab");
        let Err(error) = outcome else { return healed };
        let mut notes = vec![format!("{error:#}")];
        for workspace in self.begun.take() {
            // With nothing in state there is nothing to end.
            if workspace.addresses().is_ok_and(|left| !left.is_empty())
                && let Err(error) = workspace.destroy()
            {
                notes.push(format!("destroying what is left: {error:#}"));
            }
            if let (Some(folder), Ok(workspace)) =
                (environment::kept_workspaces(), std::rc::Rc::try_unwrap(workspace))
            {
                notes.push(format!("kept in {}", workspace.keep(&folder)?.display()));
            }
        }
        if let Err(error) = healed {
            notes.push(format!("{error:#}"));
        }
        anyhow::bail!("{}", notes.join("\n\n"))
    }

    /// A new workspace.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn workspace(&self) -> anyhow::Result<std::rc::Rc<Workspace>> {
        let workspace = Workspace::new(self.host, self.site.scratch(), &self.name, &self.site.provider)?;
        let workspace = std::rc::Rc::new(workspace);
        self.begun.borrow_mut().push(std::rc::Rc::clone(&workspace));
        Ok(workspace)
    }

    /// A workspace with the configuration of `cases/fleet`: both clusters in a fleet, with an application whose
    /// policy `base` goes everywhere and whose policy `edge` goes where `env = edge` is.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or git refuses.
    pub fn fleet_workspace(&self) -> anyhow::Result<std::rc::Rc<Workspace>> {
        apps::seed(self.site, "fleet/apps", &self.name)?;
        let workspace = self.workspace()?;
        workspace.take("fleet")?;
        workspace.variables(&self.variables())?;
        Ok(workspace)
    }

    /// The values of the variables of `cases/fleet`.
    pub fn variables(&self) -> Value {
        json!({
            "kubeconfig": self.site.environment.kubeconfig,
            "name": self.name,
            "git_url": self.git_url(),
        })
    }

    /// The URL of the case's own repository.
    pub fn git_url(&self) -> String {
        format!("{}/{}.git", self.site.environment.git_url, self.name)
    }

    /// The path, in the host cluster's API, of the fleet's namespace.
    pub fn fleet_namespace(&self) -> String {
        format!("/api/v1/namespaces/kurator-{}", self.name)
    }

    /// The path, in the host cluster's API, of the fleet's Flux objects of a kind, such as `kustomizations`.
    pub fn flux_objects(&self, kind: &str) -> String {
        let group = if kind == "kustomizations" { "kustomize" } else { "source" };
        format!("/apis/{group}.toolkit.fluxcd.io/v1/namespaces/kurator-{}/{kind}", self.name)
    }

    /// All that is on every cluster.
    ///
    /// # Errors
    ///
    /// A cluster does not answer.
    pub fn snapshots(&self) -> anyhow::Result<Vec<Snapshot>> {
        self.site.clusters().map(Snapshot::of).collect()
    }

    /// Checks that every cluster is as it was.
    ///
    /// # Errors
    ///
    /// One is not.
    pub fn is_as_it_was(&self, before: &[Snapshot]) -> anyhow::Result<()> {
        self.site.clusters().zip(before).try_for_each(|(cluster, before)| before.holds(cluster))
    }
}
