//! One operation on one resource, uncut or cut once.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lab::requests::{Cut, Request, Way};
use rustix::process::Signal;

use super::ground::Ground;
use super::subject::{Operation, Subject};
use super::tried::{End, Tried};
use super::{Cutting, Log, deleted};
use crate::apps;
use crate::host::Host;
use crate::process::{Finished, Running};
use crate::site::Site;
use crate::wait::until;
use crate::workspace::{Logs, Workspace, case_folder};

/// How long an apply may take to come to the request that is cut, and to end after it.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long one look for a cut may take.
const LOOK: Duration = Duration::from_millis(100);

/// The file with the resource.
const RESOURCE: &str = "resource.tf";

/// An operation, with a workspace and a name that are all its own.
pub struct Attempt<'a> {
    site: &'a Site,
    workspace: Workspace,
    subject: Subject,
    operation: Operation,
    name: String,
}

impl<'a> Attempt<'a> {
    /// Prepares an operation.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or git refuses.
    pub fn new(
        site: &'a Site,
        host: &'a Host,
        ground: &Ground,
        subject: Subject,
        operation: Operation,
        name: String,
    ) -> anyhow::Result<Self> {
        let git_url = apps::seed(site, &case_folder("cuts").join("apps"), &name)?;
        let workspace = Workspace::new(host, site.scratch(), &name, &site.provider)?;
        workspace.take("cuts")?;
        workspace.variables(&ground.variables(site, &git_url))?;
        Ok(Self { site, workspace, subject, operation, name })
    }

    /// Its name, which all its objects bear.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Carries it out without a cut, destroys what is left, and gives what was asked.
    ///
    /// # Errors
    ///
    /// Something fails, or a plan after it is not empty.
    pub fn uncut(&self) -> anyhow::Result<Log> {
        self.prepare()?;
        self.watch(None)?;
        self.begin_shape()?;
        self.workspace.apply()?;
        let log = self.log()?;
        self.is_settled()?;
        self.end()?;
        Ok(log)
    }

    /// Carries it out with a cut, carries on, and destroys what is left.
    pub fn cut(&self, cutting: &Cutting, uncut: &Log) -> Tried {
        let mut tried = Tried::default();
        let place = format!("{} of request {} to {}", cutting.end.name(), cutting.nth, cutting.cluster);
        if let Err(error) = self.carry_on(cutting, &mut tried) {
            tried.trouble.push(format!("{place}: {error:#}"));
        }
        match self.log() {
            Ok(log) => {
                let extra: BTreeSet<_> = log.deleted.difference(&uncut.deleted).cloned().collect();
                tried.extra_deletes = extra.into_iter().map(|path| format!("{place}: {path}")).collect();
            }
            Err(error) => tried.trouble.push(format!("{place}: {error:#}")),
        }
        if let Err(error) = self.end() {
            tried.trouble.push(format!("{place}: destroying what is left: {error:#}"));
        }
        tried
    }

    fn carry_on(&self, cutting: &Cutting, tried: &mut Tried) -> anyhow::Result<()> {
        self.prepare()?;
        let way = match cutting.end {
            End::Before => Way::Before,
            End::After => Way::After,
            End::Kill => Way::Hold,
            End::Interrupt | End::SecondInterrupt => Way::Pause,
        };
        self.watch(Some((&cutting.cluster, Cut { nth: cutting.nth, way })))?;
        self.begin_shape()?;
        let (cut, first) = self.apply_cut(cutting)?;
        self.site.lab.lift_cut(&cutting.cluster, &self.name)?;
        let said = || format!("{cut}\n{}", first.in_words());

        let mut resumed = self.workspace.try_apply()?;
        if resumed.code != Some(0)
            && let Some(block) = import_block(&resumed)
        {
            tried.by_import = true;
            self.make_room()?;
            self.workspace.write("imports.tf", &block)?;
            resumed = self.workspace.try_apply()?;
        }
        let resumed = resumed.ended_with(0).with_context(said)?;
        tried.resumed = true;
        if tried.by_import {
            // Hosts store what an import left open only at the next apply.
            self.workspace.settles().with_context(said)?;
        }
        self.is_settled().with_context(|| format!("{}\n{}", said(), resumed.in_words()))?;
        tried.converged = true;
        Ok(())
    }

    /// Applies, and does at the cut request what is to be done.
    fn apply_cut(&self, cutting: &Cutting) -> anyhow::Result<(Request, Finished)> {
        let mut running = self.workspace.start(&["apply", "-json", "-auto-approve"], Logs::Off)?;
        let lab = &self.site.lab;
        let cut = until("a request is cut", PATIENCE, || {
            if let Some(cut) = lab.await_cut(&cutting.cluster, &self.name, LOOK)? {
                return Ok(Some(Some(cut)));
            }
            Ok((!running.is_alive()?).then_some(None))
        })?;
        let Some(cut) = cut else {
            let finished = running.wait(PATIENCE)?;
            bail!("the apply was over before the request was made\n{}", finished.in_words());
        };
        match cutting.end {
            End::Before | End::After => {}
            End::Kill => {
                let killed = running.kill_descendants(self.workspace.provider())?;
                ensure!(killed > 0, "no provider ran");
            }
            End::Interrupt => interrupt(&mut running, "nterrupt received")?,
            End::SecondInterrupt => {
                interrupt(&mut running, "nterrupt received")?;
                interrupt(&mut running, "wo interrupts received")?;
            }
        }
        lab.lift_cut(&cutting.cluster, &self.name)?;
        let finished = running.wait(PATIENCE)?;
        // An answer that is lost is no failure where the provider sees that what it asked for is there.
        let may_succeed = matches!(cutting.end, End::After | End::Interrupt);
        ensure!(
            finished.code == Some(1) || (may_succeed && finished.code == Some(0)),
            "{cut}\nthe apply did not fail\n{}",
            finished.in_words()
        );
        Ok((cut, finished))
    }

    /// Applies what the operation begins with.
    fn prepare(&self) -> anyhow::Result<()> {
        let before = self.subject.before(self.operation, &self.name);
        self.workspace.write(RESOURCE, &before)?;
        if !before.is_empty() {
            self.workspace.apply()?;
        }
        Ok(())
    }

    /// Moves what is to be replaced to another address, as the refusal of a create says, if it still has the resource's.
    fn make_room(&self) -> anyhow::Result<()> {
        let address = format!("{}.it", self.subject.resource);
        if self.workspace.addresses()?.contains(&address) {
            self.workspace.run(&["state", "mv", &address, &format!("{address}_replaced")])?.ended_with(0)?;
        }
        Ok(())
    }

    fn begin_shape(&self) -> anyhow::Result<()> {
        self.workspace.write(RESOURCE, &self.subject.after(self.operation, &self.name))
    }

    /// Counts anew on all clusters, and cuts on one.
    fn watch(&self, cut: Option<(&str, Cut)>) -> anyhow::Result<()> {
        for cluster in self.site.clusters() {
            let here = cut.and_then(|(name, cut)| (name == cluster.name).then_some(cut));
            self.site.lab.watch(&cluster.name, &self.name, here)?;
        }
        Ok(())
    }

    /// What was asked since counting began.
    fn log(&self) -> anyhow::Result<Log> {
        let mut log = Log::default();
        for cluster in self.site.clusters() {
            let requests = self.site.lab.requests(&cluster.name, &self.name)?;
            let mutations = requests.iter().filter(|request| request.is_mutation).count();
            log.mutations.push((cluster.name.clone(), u64::try_from(mutations)?));
            let deleted = deleted(&requests, &self.name);
            log.deleted.extend(deleted.into_iter().map(|path| format!("{}: {path}", cluster.name)));
        }
        Ok(log)
    }

    fn is_settled(&self) -> anyhow::Result<()> {
        self.workspace.plans_nothing()?;
        self.workspace.refreshes_nothing().map(drop)
    }

    /// Destroys what is in state.
    fn end(&self) -> anyhow::Result<()> {
        for cluster in self.site.clusters() {
            self.site.lab.lift_cut(&cluster.name, &self.name)?;
        }
        if self.workspace.addresses()?.is_empty() {
            return Ok(());
        }
        self.workspace.destroy().map(drop)
    }
}

/// Ctrl-C, until the host says that it was heard.
fn interrupt(running: &mut Running, heard: &str) -> anyhow::Result<()> {
    running.signal_group(Signal::INT)?;
    until("the host hears Ctrl-C", PATIENCE, || {
        let is_heard = running.has_written(heard) || !running.is_alive()?;
        Ok(is_heard.then_some(()))
    })
}

/// The import block that a refusal asks for, for the resource `it`.
fn import_block(finished: &Finished) -> Option<String> {
    let refusal = finished.diagnostics().into_iter().find(|it| it.summary == "It exists already")?;
    let begin = refusal.detail.find("import {")?;
    let block = refusal.detail.get(begin..)?;
    let end = block.find("\n}")? + 2;
    Some(format!("{}\n", block.get(..end)?.replace(".NAME\n", ".it\n")))
}
