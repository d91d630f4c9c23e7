//! Every fault on every role in every phase: what is stored stays, whoever has nothing to do with it is served, and all
//! converges afterwards.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use lab::fault::Fault;
use serde_json::{Value, json};

use crate::apps;
use crate::case::Case;
use crate::page::Page;
use crate::process::Finished;
use crate::snapshot::Snapshot;
use crate::wait::until;
use crate::wide::{FAR, Wide};
use crate::workspace::{Workspace, case_folder};

/// How long an apply may take that deploys to clusters beside the failing one.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// How long a destroy may take to say what it cannot reach. A slow cluster takes as long as its requests.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

/// How long Flux may take to bring back on a cluster what it held before.
const BACK_WITHIN: Duration = Duration::from_mins(1);

/// What came of it.
static PAGE: Page = Page::new(
    "faults.md",
    "\
# Failing clusters

<!-- Written by `make test-slow`. -->

Exit code and time of each command while one cluster fails. A fleet on `hub` has the members `edge` and `edge-2`, another
one is on a host of its own. *Apply* is of an unchanged configuration, *unrelated* deploys to the clusters beside the
failing one, under the other host, too. Wherever state can be kept, plan and apply end with 0, a warning names the
cluster, and the state file is the same byte for byte. A destroy ends with 1, names what it could not reach and removes
the rest. After each line the fault ends, and one apply brings everything back. COMMIT.

Another cluster behind the same address is another case: a member is proven gone then, and its place is taken; a fleet
cannot follow its host, which is refused.
",
);

/// The head of the table.
const HEAD: &str = "\
| fault | role | plan | apply | unrelated | destroy |
| --- | --- | --- | --- | --- | --- |
";

/// What the failing cluster is to the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Member,
    Host,
}

impl Role {
    /// The cluster in the near lab.
    fn cluster(self) -> &'static str {
        match self {
            Self::Member => "edge",
            Self::Host => "hub",
        }
    }
}

/// A fault with what is expected of the provider meanwhile.
#[derive(Clone, Debug)]
struct Trouble {
    words: &'static str,
    fault: Fault,
    /// What a warning says; none where nothing is wrong but the time it takes.
    warns: Option<&'static str>,
    /// Whether another cluster is there to be taken over, so that there is something to change.
    replaced: bool,
}

/// One line of the matrix: how each command ended.
struct Cell {
    words: &'static str,
    role: Role,
    plan: String,
    apply: String,
    unrelated: String,
    destroy: String,
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, role, plan, apply, unrelated, destroy } = self;
        let role = format!("{role:?}").to_lowercase();
        writeln!(formatter, "| {words} | {role} | {plan} | {apply} | {unrelated} | {destroy} |")
    }
}

fn troubles() -> Vec<Trouble> {
    let trouble = |words, fault, warns| Trouble { words, fault, warns, replaced: false };
    vec![
        trouble("stopped", Fault::Kill, Some("cannot be reached")),
        trouble("frozen", Fault::Freeze, Some("cannot be reached")),
        trouble("401", Fault::Unauthorized, Some("does not accept the credentials")),
        trouble("403", Fault::Forbidden, Some("Not allowed")),
        trouble("2 s per request", Fault::Slow(Duration::from_secs(2)), None),
        Trouble {
            words: "another cluster",
            fault: Fault::Swap("edge-3".to_owned()),
            warns: Some("Another cluster answers"),
            replaced: true,
        },
    ]
}

/// The claim.
///
/// # Errors
///
/// It does not hold.
pub(crate) fn check(case: &Case<'_>) -> anyhow::Result<()> {
    let site = Site::open(case)?;
    let before = site.snapshots()?;
    site.workspace.apply()?;
    site.is_in_order()?;
    let mut cells = Vec::new();
    for role in [Role::Member, Role::Host] {
        for trouble in troubles() {
            let cell = site.cell(role, &trouble);
            // Whatever came of it, so that one line of the matrix does not spoil the next.
            site.wide.near.heal().context("healing the lab")?;
            cells.push(cell.with_context(|| format!("{} as {role:?}", trouble.words))?);
        }
    }
    let heading = format!("## Under {}\n\n{HEAD}", case.host);
    let rows: String = cells.iter().map(ToString::to_string).collect();
    case.site.say(&format!("{heading}{rows}"));
    PAGE.add(&heading, &rows)?;
    site.workspace.destroy()?;
    for (cluster, before) in site.wide.clusters().zip(&before) {
        before.holds(cluster, &[])?;
    }
    Ok(())
}

/// The workspace in the wider world.
struct Site<'a> {
    case: &'a Case<'a>,
    wide: std::sync::Arc<Wide>,
    workspace: std::rc::Rc<Workspace>,
    variables: Value,
}

impl<'a> Site<'a> {
    fn open(case: &'a Case<'a>) -> anyhow::Result<Self> {
        let wide = case.site.wide()?;
        let folder = case_folder("faults").join("apps");
        let git_url = apps::seed_in(&wide.near, case.site.scratch(), &folder, &case.name)?;
        let [kubeconfig, far_kubeconfig] = wide.kubeconfigs()?;
        let workspace = case.workspace()?;
        workspace.take("faults")?;
        let variables = json!({
            "kubeconfig": kubeconfig, "far_kubeconfig": far_kubeconfig, "name": case.name, "git_url": git_url,
        });
        workspace.variables(&variables)?;
        Ok(Self { case, wide, workspace, variables })
    }

    fn snapshots(&self) -> anyhow::Result<Vec<Snapshot>> {
        self.wide.clusters().map(|cluster| Snapshot::of(cluster, &[])).collect()
    }

    /// All phases of one fault, and the way back from it.
    fn cell(&self, role: Role, trouble: &Trouble) -> anyhow::Result<Cell> {
        let stored = fs::read(self.workspace.path("terraform.tfstate")).context("reading the state")?;
        self.wide.near.fault(role.cluster(), trouble.fault.clone())?;

        let plan = self.workspace.run(&["plan", "-json", "-detailed-exitcode"])?;
        let plan = Self::warned(plan.ended_with(if trouble.replaced { 2 } else { 0 })?, role, trouble)?;
        let (apply, unrelated) = if trouble.replaced && role == Role::Host {
            // A fleet cannot follow its host to another cluster: every apply refuses it, and does the rest.
            let unrelated = self.unrelated(role)?.ended_with(1)?;
            unrelated.says("error", &["another host"])?;
            let apply = self.workspace.try_apply()?.ended_with(1)?;
            apply.says("error", &["another host"])?;
            (apply, unrelated)
        } else {
            let apply = self.workspace.try_apply()?.ended_with(0)?;
            if trouble.replaced {
                apply.says("warning", &["proven gone"])?;
            } else {
                Self::warned(apply.clone(), role, trouble)?;
                let kept = fs::read(self.workspace.path("terraform.tfstate")).context("reading the state")?;
                ensure!(stored == kept, "the state is not the same byte for byte");
            }
            (apply, self.unrelated(role)?.ended_with(0)?)
        };
        ensure!(
            unrelated.took < SERVED_WITHIN,
            "unrelated applications took {:?}\n{}",
            unrelated.took,
            unrelated.in_words()
        );
        let destroy = self.destroyed(role, trouble)?;

        self.wide.near.heal()?;
        self.workspace.variables(&self.variables)?;
        self.workspace.apply()?;
        self.is_in_order()?;
        Ok(Cell {
            words: trouble.words,
            role,
            plan: plan.in_short(),
            apply: apply.in_short(),
            unrelated: unrelated.in_short(),
            destroy: destroy.in_short(),
        })
    }

    fn warned(finished: Finished, role: Role, trouble: &Trouble) -> anyhow::Result<Finished> {
        if let Some(text) = trouble.warns {
            finished.says("warning", &[text, &format!("`{}`", role.cluster())])?;
        }
        Ok(finished)
    }

    /// Deploys to a cluster beside the failing one, where its fleet's host is alive, and under another host.
    fn unrelated(&self, role: Role) -> anyhow::Result<Finished> {
        let mut variables = self.variables.clone();
        variables["far"] = json!(true);
        variables["beside"] = json!(role == Role::Member);
        self.workspace.variables(&variables)?;
        let finished = self.workspace.try_apply()?;
        let said = || finished.in_words();
        ensure!(self.is_on(FAR, "far")?, "it is not on the cluster under another host\n{}", said());
        if role == Role::Member {
            ensure!(self.is_on("edge-2", "beside")?, "it is not on the cluster beside\n{}", said());
        }
        Ok(finished)
    }

    /// Destroys what can be destroyed. What a failing cluster holds stays in state and is named.
    fn destroyed(&self, role: Role, trouble: &Trouble) -> anyhow::Result<Finished> {
        let finished = self.workspace.run(&["destroy", "-json", "-auto-approve"])?;
        if trouble.warns.is_none() || (trouble.replaced && role == Role::Member) {
            return finished.ended_with(0);
        }
        let finished = finished.ended_with(1)?;
        ensure!(finished.took < TOLD_WITHIN, "it took {:?}\n{}", finished.took, finished.in_words());
        finished.says("error", &[&format!("`{}`", role.cluster())])?;
        let left = self.workspace.addresses()?;
        ensure!(
            left.iter().any(|it| it == "kurator_application.web")
                && left.iter().any(|it| it.contains("fleet")),
            "what could not be destroyed is not in state: {left:?}"
        );
        ensure!(!self.is_on(FAR, "far")?, "what is on the other host was not destroyed");
        Ok(finished)
    }

    /// Whether an application's object is on a cluster.
    fn is_on(&self, cluster: &str, application: &str) -> anyhow::Result<bool> {
        let path = format!("/api/v1/namespaces/default/configmaps/{}-{application}", self.case.name);
        Ok(self.wide.cluster(cluster)?.find(&path)?.is_some())
    }

    /// Nothing is planned, and everything is where it belongs.
    fn is_in_order(&self) -> anyhow::Result<()> {
        let planned = self.workspace.plans_nothing()?;
        ensure!(planned.warnings().is_empty(), "there is still a warning\n{}", planned.in_words());
        self.workspace.refreshes_nothing()?;
        for (cluster, application, wanted) in [
            ("edge", "web", true),
            ("edge-2", "web", true),
            ("edge-3", "web", false),
            ("edge-2", "beside", false),
            (FAR, "far", false),
        ] {
            let not = if wanted { "" } else { "not " };
            let what = format!("{application} is {not}on {cluster}");
            until(&what, BACK_WITHIN, || Ok((self.is_on(cluster, application)? == wanted).then_some(())))?;
        }
        Ok(())
    }
}
