//! One claim under one host.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::apps;
use crate::cases::{self, Beside, Claim};
use crate::environment;
use crate::host::{Host, Kind};
use crate::site::Site;
use crate::snapshot::Snapshot;
use crate::workspace::{self, Workspace};

/// A claim and what it is checked with.
pub struct Case<'a> {
    /// The lab and the provider.
    pub site: &'a Site,
    /// The host.
    pub host: &'a Host,
    /// The case's own name, a DNS-1123 label: of its fleet, its repository and its objects.
    pub name: String,
    claim: Claim,
    /// What the case has begun, to be ended when it fails.
    begun: RefCell<Vec<Rc<Workspace>>>,
}

impl<'a> Case<'a> {
    /// Prepares a case.
    pub fn new(site: &'a Site, host: &'a Host, claim: Claim) -> Self {
        Self { site, host, name: name(claim, host.kind), claim, begun: RefCell::default() }
    }

    /// The claim's name.
    pub fn claim(&self) -> &'static str {
        self.claim.name
    }

    /// Checks the claim. Afterwards every fault is healed, and what a failed claim left in its workspaces is destroyed.
    ///
    /// # Errors
    ///
    /// The claim does not hold; the lab cannot be healed.
    pub fn check(self) -> anyhow::Result<()> {
        let outcome = (self.claim.check)(&self);
        let healed = match self.claim.beside {
            Beside::Any => Ok(()),
            Beside::None => self.site.lab.heal().context("healing the lab"),
        };
        let Err(error) = outcome else { return healed };
        let mut notes = vec![format!("{error:#}")];
        for workspace in self.begun.take() {
            // With nothing in state there is nothing to end.
            if workspace.addresses().is_ok_and(|left| !left.is_empty())
                && let Err(error) = workspace.destroy()
            {
                notes.push(format!("destroying what is left: {error:#}"));
            }
            if let (Some(folder), Ok(workspace)) = (environment::kept_workspaces(), Rc::try_unwrap(workspace))
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
    pub fn workspace(&self) -> anyhow::Result<Rc<Workspace>> {
        let workspace = Workspace::new(self.host, self.site.scratch(), &self.name, &self.site.provider)?;
        let workspace = Rc::new(workspace);
        self.begun.borrow_mut().push(Rc::clone(&workspace));
        Ok(workspace)
    }

    /// A workspace with the configuration of `cases/fleet`: both clusters in a fleet, with an application whose
    /// policy `base` goes everywhere and whose policy `edge` goes where `env = edge` is.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or git refuses.
    pub fn fleet_workspace(&self) -> anyhow::Result<Rc<Workspace>> {
        apps::seed(self.site, &workspace::case_folder("fleet").join("apps"), &self.name)?;
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

    /// All that is on every cluster, but for what belongs to other cases.
    ///
    /// # Errors
    ///
    /// A cluster does not answer.
    pub fn snapshots(&self) -> anyhow::Result<Vec<Snapshot>> {
        self.site.clusters().map(|cluster| Snapshot::of(cluster, &self.others())).collect()
    }

    /// Checks that every cluster is as it was, but for what belongs to other cases.
    ///
    /// # Errors
    ///
    /// One is not.
    pub fn is_as_it_was(&self, before: &[Snapshot]) -> anyhow::Result<()> {
        let others = self.others();
        self.site.clusters().zip(before).try_for_each(|(cluster, before)| before.holds(cluster, &others))
    }

    /// Texts in the names of objects of other cases, which may run now or may have left something.
    fn others(&self) -> Vec<String> {
        let mut others: Vec<String> = [Kind::Terraform, Kind::Tofu]
            .into_iter()
            .flat_map(|kind| cases::all().into_iter().map(move |claim| name(claim, kind)))
            .filter(|other| *other != self.name)
            .collect();
        if self.claim.beside == Beside::Any {
            // The object by which a fleet sees whether Flux works has the same name in all fleets.
            others.push("kurator-probe".to_owned());
        }
        others
    }
}

/// The name of a claim's objects under a host.
fn name(claim: Claim, kind: Kind) -> String {
    format!("{}-{}", claim.short, kind.name())
}
