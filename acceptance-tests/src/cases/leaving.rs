//! Members that go: with their map entry, behind the same name, or together with fleet and application; alive and dead.
//! Nothing hangs, nothing that can be reached is left, and the rest is named.

use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use lab::fault::Fault;
use serde_json::{Value, json};

use crate::apps;
use crate::case::Case;
use crate::page::Page;
use crate::process::Finished;
use crate::snapshot::Snapshot;
use crate::wide::Wide;
use crate::workspace::{Workspace, case_folder};

/// How long an apply may take to say what it cannot reach.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

/// What came of it.
static PAGE: Page = Page::new(
    "leaving.md",
    "\
# Members that go

<!-- Written by `make test-slow`. -->

Exit code and time of the one apply that makes the change: with the member alive, with its API server stopped, and then
with `on_unreachable = \"forget\"`. A warning names what that one left. COMMIT.
",
);

/// The head of the table.
const HEAD: &str = "\
| change | host | alive | dead | dead, given up |
| --- | --- | --- | --- | --- |
";

/// What one apply changes.
struct Change {
    words: &'static str,
    /// The variables that differ.
    to: Value,
    /// Where the application is afterwards.
    on: &'static [&'static str],
}

fn changes() -> Vec<Change> {
    vec![
        Change { words: "a cluster with its entry", to: json!({ "edge": null }), on: &["edge-2"] },
        Change {
            words: "a member behind the same name",
            to: json!({ "edge": "edge-3" }),
            on: &["edge-2", "edge-3"],
        },
        Change { words: "application and fleet", to: json!({ "all": false }), on: &[] },
    ]
}

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let world = World::open(case)?;
    let before = world.snapshots()?;
    let mut rows = String::new();
    for change in changes() {
        let alive = world.alive(&change).with_context(|| format!("{}, alive", change.words))?;
        let [refused, given_up] = world.dead(&change).with_context(|| format!("{}, dead", change.words))?;
        let _ =
            writeln!(rows, "| {} | {} | {} | {} | {} |", change.words, case.host, alive, refused, given_up);
    }
    // What the last one left on the dead member is taken up again, so that this destroy can remove it.
    world.begin()?;
    world.workspace.destroy()?;
    for (cluster, before) in world.wide.clusters().zip(&before) {
        before.holds(cluster, &[])?;
    }
    case.site.say(&format!("{HEAD}{rows}"));
    PAGE.add(HEAD, &rows)
}

struct World<'a> {
    case: &'a Case<'a>,
    wide: Arc<Wide>,
    workspace: Rc<Workspace>,
    variables: Value,
}

impl<'a> World<'a> {
    fn open(case: &'a Case<'a>) -> anyhow::Result<Self> {
        let wide = case.site.wide()?;
        let folder = case_folder("faults").join("apps");
        let git_url = apps::seed_in(&wide.near, case.site.scratch(), &folder, &case.name)?;
        let [kubeconfig, _] = wide.kubeconfigs()?;
        let workspace = case.workspace()?;
        workspace.take("leaving")?;
        let variables = json!({ "kubeconfig": kubeconfig, "name": case.name, "git_url": git_url });
        Ok(Self { case, wide, workspace, variables })
    }

    fn snapshots(&self) -> anyhow::Result<Vec<Snapshot>> {
        self.wide.clusters().map(|cluster| Snapshot::of(cluster, &[])).collect()
    }

    /// Applies the configuration with these variables, whatever comes of it.
    fn apply(&self, changes: &[&Value]) -> anyhow::Result<Finished> {
        let mut variables = self.variables.clone();
        for change in changes.iter().filter_map(|change| change.as_object()) {
            for (name, value) in change {
                variables[name] = value.clone();
            }
        }
        self.workspace.variables(&variables)?;
        self.workspace.try_apply()
    }

    /// Gives how the apply ended.
    fn alive(&self, change: &Change) -> anyhow::Result<String> {
        self.begin()?;
        let applied = self.apply(&[&change.to])?.ended_with(0)?;
        ensure!(applied.warnings().is_empty(), "there is a warning\n{}", applied.in_words());
        self.is_on(change.on)?;
        self.is_settled()?;
        Ok(applied.in_short())
    }

    /// Gives how the apply ended that may not give anything up, and then the one that may.
    fn dead(&self, change: &Change) -> anyhow::Result<[String; 2]> {
        self.begin()?;
        self.wide.near.fault("edge", Fault::Kill)?;
        let refused = self.apply(&[&change.to])?.ended_with(1)?;
        refused.says("error", &["`edge`", "cannot be reached"])?;
        ensure!(refused.took < TOLD_WITHIN, "it took {:?}\n{}", refused.took, refused.in_words());

        let forget = json!({ "on_unreachable": "forget" });
        if change.on.is_empty() {
            // A destroy has only what is stored, so what is to be given up must be said before.
            self.apply(&[&forget])?.ended_with(0)?;
        }
        let given_up = self.apply(&[&change.to, &forget])?.ended_with(0)?;
        given_up.says("warning", &["given up", "`edge`", &format!("{}-web", self.case.name)])?;
        self.is_on_others(change.on)?;
        self.workspace.plans_nothing()?;

        self.wide.near.heal()?;
        ensure!(self.has("edge")?, "what was named as left is not there");
        Ok([refused.in_short(), given_up.in_short()])
    }

    /// Everything is there, whatever was before: what was left somewhere is taken up again.
    fn begin(&self) -> anyhow::Result<()> {
        self.apply(&[])?.ended_with(0)?;
        self.is_on(&["edge", "edge-2"])?;
        self.is_settled()
    }

    fn is_settled(&self) -> anyhow::Result<()> {
        self.workspace.plans_nothing()?;
        self.workspace.refreshes_nothing().map(drop)
    }

    /// The application is on these clusters and on no other.
    fn is_on(&self, wanted: &[&str]) -> anyhow::Result<()> {
        ensure!(self.has("edge")? == wanted.contains(&"edge"), "it is not as it should be on edge");
        self.is_on_others(wanted)
    }

    fn is_on_others(&self, wanted: &[&str]) -> anyhow::Result<()> {
        for cluster in ["edge-2", "edge-3"] {
            let is = self.has(cluster)?;
            ensure!(is == wanted.contains(&cluster), "on {cluster}: {is}, and wanted on {wanted:?}");
        }
        Ok(())
    }

    fn has(&self, cluster: &str) -> anyhow::Result<bool> {
        let path = format!("/api/v1/namespaces/default/configmaps/{}-web", self.case.name);
        Ok(self.wide.cluster(cluster)?.find(&path)?.is_some())
    }
}
