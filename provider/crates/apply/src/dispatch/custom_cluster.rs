//! A custom cluster's steps as scripts on machines and as calls to its API.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::cluster_ref::ClusterRef;
use domain::custom_cluster::{CniSpec, DrainSpec, MachineId};
use domain::machine::{MachineFacts, MachineMark};
use domain::mark::Mark;
use domain::node::{NodeSpec, Taint};
use engines::bootstrap::{BootstrapJob, JobState};
use engines::clusters::{Cluster, Clusters};
use engines::error::EngineError;
use engines::limits::Limits;
use engines::machines::{Command, Machine, Machines, RemoteFile};
use engines::nodes::DrainRules;
use engines::wait::{Pace, Seen, until};
use nodes::answer::Answer;
use nodes::bootstrap::{network, objects};
use nodes::kubeadm::join::JoinToken;
use nodes::script::Script;
use nodes::{artifacts, claim, cluster, leave, prepare, record, renewal};
use planning::custom_cluster::{CustomClusterStages, CustomClusterStep};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::custom_cluster::{API_PATIENCE, Api, Observed, reference};
use crate::journal::{Failure, Journal, MachineTrouble, Note};
use crate::lanes::{MachineStep, run_lanes};

/// How long a token lets machines join. It is taken back at the end; this bounds what a killed run leaves behind.
const TOKEN_LIFE: Duration = Duration::from_hours(1);

/// How long a machine that joins waits for the API at its name and for the token's signature there.
const JOIN_PATIENCE: Duration = Duration::from_mins(2);

/// How long a node that joined may take to say that it is there.
const REGISTRATION_PATIENCE: Duration = Duration::from_mins(2);

/// How long it may take after it was waited for in vain.
const ONCE_MORE: Duration = Duration::from_secs(5);

/// What the steps of a custom cluster are carried out with.
pub struct CustomClusterHands<'a> {
    /// The way to machines.
    pub machines: &'a dyn Machines,
    /// The resolver.
    pub clusters: &'a dyn Clusters,
    /// What was met before.
    pub observed: &'a Observed,
    /// How many machines at a time.
    pub at_a_time: usize,
    /// What is written down on the control plane before the cluster is finished, and after every change.
    pub note: Option<RemoteFile>,
    noted: OnceCell<()>,
    token: OnceCell<JoinToken>,
    authority: OnceCell<String>,
    cluster: OnceCell<Arc<dyn Cluster>>,
    waited: AtomicBool,
}

impl<'a> CustomClusterHands<'a> {
    /// Hands for the machines that were met.
    pub fn new(
        machines: &'a dyn Machines,
        clusters: &'a dyn Clusters,
        observed: &'a Observed,
        note: Option<RemoteFile>,
        at_a_time: usize,
    ) -> Self {
        let cluster = match &observed.api {
            Api::There(cluster, _) => OnceCell::new_with(Some(Arc::clone(cluster))),
            Api::Absent | Api::OutOfReach(_) => OnceCell::new(),
        };
        Self {
            machines,
            clusters,
            observed,
            at_a_time,
            note,
            noted: OnceCell::new(),
            token: OnceCell::new(),
            authority: OnceCell::new(),
            cluster,
            waited: AtomicBool::new(false),
        }
    }

    /// Carries out `stages`.
    pub async fn carry_out(&self, stages: CustomClusterStages, limits: &Limits) -> Journal<MachineStep> {
        let journal = run_lanes(stages, self.at_a_time, limits, |(id, step)| async move {
            let (name, word, begun) = (id.name.clone(), step.word(), Instant::now());
            tracing::info!(machine = name.as_str(), step = word, "step begins");
            let done = self.step(&id, step, limits).await;
            let (ms, is_good) = (begun.elapsed().as_millis(), done.is_ok());
            tracing::info!(machine = name.as_str(), step = word, ms, is_good, "step ended");
            done.map_err(|trouble| Failure::Machine { machine: name, trouble })
        })
        .await;
        if journal.is_complete()
            && let Err(trouble) = self.write_note(limits).await
        {
            // Only an import would miss it, and the next change writes it.
            tracing::warn!(?trouble, "the note on the control plane is not up to date");
        }
        if let Some(token) = self.token.get() {
            let (carrier, script) = (&self.observed.carrier, cluster::take_back(token));
            let afterwards = limits.afterwards();
            let back = self.run(carrier, "taking the token back on", &script, "untokened", &afterwards);
            if let Err(trouble) = back.await {
                // It ends by itself.
                tracing::warn!(?trouble, "the token was not taken back");
            }
        }
        journal
    }

    async fn step(
        &self,
        id: &MachineId,
        step: CustomClusterStep,
        limits: &Limits,
    ) -> Result<Vec<Note>, MachineTrouble> {
        match step {
            CustomClusterStep::Claim { mark } => self.claim(id, mark, limits).await?,
            CustomClusterStep::Finish { mark } => {
                self.write_note(limits).await?;
                self.claim(id, mark, limits).await?;
            }
            CustomClusterStep::Record { machines } => self.record(id, &machines, limits).await?,
            CustomClusterStep::Prepare { preparation: _ } => self.prepare(id, limits).await?,
            CustomClusterStep::Init => self.init(id, limits).await?,
            CustomClusterStep::InstallCni { cni } => self.install_cni(&cni, limits).await?,
            CustomClusterStep::Join => self.join(id, limits).await?,
            CustomClusterStep::SetNode { labels, taints } => {
                self.set_node(id, &labels, &taints, limits).await?;
            }
            CustomClusterStep::AwaitReady => {
                self.api(limits).await?.nodes().await_ready(&id.name, limits).await.map_err(engine)?;
            }
            CustomClusterStep::Uncordon => {
                let api = self.api(limits).await?;
                api.nodes().set_schedulable(&id.name, true, limits).await.map_err(engine)?;
            }
            CustomClusterStep::Drain => {
                let DrainSpec { timeout, delete_emptydir, force } = self.observed.setup.workers.drain;
                let rules = DrainRules { timeout, delete_emptydir, force };
                let api = self.api(limits).await?;
                api.nodes().drain(&id.name, rules, limits).await.map_err(engine)?;
            }
            CustomClusterStep::RemoveNode => {
                self.api(limits).await?.nodes().remove_node(&id.name, limits).await.map_err(engine)?;
            }
            CustomClusterStep::Reset => return self.reset(id, limits).await,
        }
        Ok(Vec::new())
    }

    async fn machine(&self, id: &MachineId, limits: &Limits) -> Result<Arc<dyn Machine>, MachineTrouble> {
        let address = self.observed.addresses.get(id).ok_or(MachineTrouble::NotLookedAt)?;
        self.machines.connect(address, limits).await.map_err(engine)
    }

    fn facts(&self, id: &MachineId) -> Result<&MachineFacts, MachineTrouble> {
        match self.observed.met.get(id) {
            Some(Ok(met)) => Ok(&met.facts),
            Some(Err(_)) | None => Err(MachineTrouble::NotLookedAt),
        }
    }

    fn node(&self, id: &MachineId) -> Result<&NodeSpec, MachineTrouble> {
        self.observed.nodes.get(&id.name).ok_or(MachineTrouble::NotLookedAt)
    }

    /// Runs a script as a step: what is begun goes on when the connection is lost, and is never beside itself. `says` is the
    /// word by which it tells that it came to its end.
    async fn run(
        &self,
        id: &MachineId,
        doing: &'static str,
        script: &Script,
        says: &'static str,
        limits: &Limits,
    ) -> Result<Answer, MachineTrouble> {
        let command = Command::step(script.name(), doing, script.render());
        let machine = self.machine(id, limits).await?;
        let output = machine.run(&command, limits).await.map_err(engine)?;
        let answer = Answer::read(&output.text());
        if let Some(failure) = answer.failure() {
            return Err(MachineTrouble::Script { doing, failure: Box::new(failure), log: answer.log() });
        }
        output.success(doing, id.to_string()).map_err(engine)?;
        if answer.has(says) { Ok(answer) } else { Err(MachineTrouble::Unreadable { doing }) }
    }

    /// The cluster's API, if it was asked for.
    pub fn connected(&self) -> Option<&Arc<dyn Cluster>> {
        self.cluster.get()
    }

    async fn write_note(&self, limits: &Limits) -> Result<(), MachineTrouble> {
        let Some(note) = &self.note else { return Ok(()) };
        let write = || async {
            self.machine(&self.observed.carrier, limits).await?.put(note, limits).await.map_err(engine)
        };
        self.noted.get_or_try_init(write).await.copied()
    }

    /// Marks a machine.
    ///
    /// # Errors
    ///
    /// What kept it from being marked.
    pub async fn claim(&self, id: &MachineId, mark: Mark, limits: &Limits) -> Result<(), MachineTrouble> {
        let mark = MachineMark { mark, machine: id.name.to_string() };
        self.run(id, "marking", &claim::script(&mark), "claimed", limits).await?;
        Ok(())
    }

    async fn record(
        &self,
        id: &MachineId,
        machines: &BTreeSet<MachineId>,
        limits: &Limits,
    ) -> Result<(), MachineTrouble> {
        let file = RemoteFile::plain(record::PATH, record::MODE, record::write(machines));
        self.machine(id, limits).await?.put(&file, limits).await.map_err(engine)
    }

    async fn prepare(&self, id: &MachineId, limits: &Limits) -> Result<(), MachineTrouble> {
        let setup = &self.observed.setup.nodes;
        let facts = self.facts(id)?;
        let arch = facts.arch().ok_or(MachineTrouble::NotLookedAt)?;
        let artifacts =
            artifacts::list(setup, arch, artifacts::has_foreign_runtime(facts)).map_err(problem)?;
        let begun = Instant::now();
        self.run(id, "installing on", &artifacts::script(setup, &artifacts), "fetched", limits).await?;
        let ms = begun.elapsed().as_millis();
        tracing::info!(machine = id.name.as_str(), ms, "artifacts are in place");
        let script = prepare::script(setup, facts, self.observed.endpoint()).map_err(problem)?;
        self.run(id, "preparing", &script, "prepared", limits).await?;
        Ok(())
    }

    async fn init(&self, id: &MachineId, limits: &Limits) -> Result<(), MachineTrouble> {
        const DOING: &str = "making the control plane on";
        let setup = &self.observed.setup.nodes;
        let script = cluster::init(setup, self.node(id)?).map_err(problem)?;
        let answer = self.run(id, DOING, &script, "initialized", limits).await?;
        let authority = answer.one("ca").ok_or(MachineTrouble::Unreadable { doing: DOING })?;
        self.authority.set(authority.to_owned()).ok();
        tracing::info!(how = answer.one("initialized"), "the control plane is made");
        // In this process there may have been another cluster on the machine.
        self.clusters.forget(&self.reference(limits).await?);
        if setup.renew_certificates {
            self.run(id, "installing the renewal of certificates on", &renewal::script(), "renewal", limits)
                .await?;
        }
        Ok(())
    }

    /// The cluster's API, which may take a moment to answer from outside.
    async fn api(&self, limits: &Limits) -> Result<&Arc<dyn Cluster>, MachineTrouble> {
        let connect = || async {
            let reference = self.reference(limits).await?;
            // Once it was waited for in vain, not every step of every machine waits as long again.
            let patience = if self.waited.load(Ordering::Relaxed) { ONCE_MORE } else { API_PATIENCE };
            let bounded = limits.at_most(patience);
            let look = || async { Ok(Seen::Ready(self.clusters.connect(&reference, &bounded).await?)) };
            let met = until("connecting to", "the cluster's API", Pace::CLOSE, &bounded, look).await;
            self.waited.store(met.is_err(), Ordering::Relaxed);
            met.map_err(engine)
        };
        self.cluster.get_or_try_init(connect).await
    }

    async fn reference(&self, limits: &Limits) -> Result<ClusterRef, MachineTrouble> {
        let machine = self.machine(&self.observed.carrier, limits).await?;
        reference(&self.observed.setup, &*machine).ok_or(MachineTrouble::NotLookedAt)
    }

    async fn install_cni(&self, noted: &str, limits: &Limits) -> Result<(), MachineTrouble> {
        let cluster = self.api(limits).await?;
        let bootstrap = cluster.bootstrap();
        match &self.observed.setup.cni {
            CniSpec::Manifests(manifests) => {
                let documents = network::documents(manifests).map_err(problem)?;
                bootstrap.apply_documents(&documents, limits).await.map_err(engine)?;
            }
            CniSpec::Chart(chart) => {
                let setup = &self.observed.setup.nodes;
                let api = self.carrier_ip()?;
                let release = network::release(setup, chart).map_err(problem)?;
                let found = bootstrap
                    .look_at_job(objects::NAMESPACE, noted, &release.namespace, &release.name, limits)
                    .await
                    .map_err(engine)?;
                // A release is put right only while nobody works on it.
                let first = match (found.job, &found.release) {
                    (JobState::Active, _) | (_, None) => objects::First::Nothing,
                    (_, Some(release)) => objects::First::choose(&release.status, release.revision),
                };
                let made = network::job(setup, chart, api, first).map_err(problem)?;
                let job = BootstrapJob {
                    namespace: objects::NAMESPACE.to_owned(),
                    name: made.name,
                    base: made.base,
                    binding: made.binding,
                    secret: made.secret,
                    job: made.job,
                };
                bootstrap.run_job(&job, limits).await.map_err(engine)?;
            }
        }
        bootstrap.note(objects::NAMESPACE, noted, limits).await.map_err(engine)
    }

    fn carrier_ip(&self) -> Result<IpAddr, MachineTrouble> {
        Ok(self.node(&self.observed.carrier)?.ip)
    }

    async fn join(&self, id: &MachineId, limits: &Limits) -> Result<(), MachineTrouble> {
        let setup = &self.observed.setup.nodes;
        let token = self.token(limits).await?;
        let authority = match self.authority.get() {
            Some(authority) => authority.as_str(),
            None => {
                let carrier = self.facts(&self.observed.carrier)?;
                carrier.membership.ca_sha256.as_deref().ok_or(MachineTrouble::NotLookedAt)?
            }
        };
        let script =
            cluster::join(setup, self.node(id)?, token, None, authority, JOIN_PATIENCE).map_err(problem)?;
        self.run(id, "joining", &script, "joined", limits).await?;
        Ok(())
    }

    /// One token for all machines that join in this run.
    async fn token(&self, limits: &Limits) -> Result<&JoinToken, MachineTrouble> {
        const DOING: &str = "making a token on";
        let make = || async {
            let script = cluster::token(TOKEN_LIFE);
            let carrier = &self.observed.carrier;
            let answer = self.run(carrier, DOING, &script, "token", limits).await?;
            answer
                .one("token")
                .and_then(JoinToken::from_command)
                .ok_or(MachineTrouble::Unreadable { doing: DOING })
        };
        self.token.get_or_try_init(make).await
    }

    /// A node that has just joined says so itself, a moment after kubeadm is done.
    async fn set_node(
        &self,
        id: &MachineId,
        labels: &BTreeMap<String, String>,
        taints: &BTreeSet<Taint>,
        limits: &Limits,
    ) -> Result<(), MachineTrouble> {
        let api = self.api(limits).await?;
        let bounded = limits.at_most(REGISTRATION_PATIENCE);
        let look = || async {
            match api.nodes().observe_nodes(&bounded).await? {
                nodes if nodes.contains_key(&id.name) => Ok(Seen::Ready(())),
                _ => Ok(Seen::Pending("the node has not said that it is there".to_owned())),
            }
        };
        until("waiting for the node", id.name.as_str(), Pace::CLOSE, &bounded, look).await.map_err(engine)?;
        api.nodes().set_node(&id.name, labels, taints, limits).await.map_err(engine)
    }

    async fn reset(&self, id: &MachineId, limits: &Limits) -> Result<Vec<Note>, MachineTrouble> {
        self.run(id, "taking the cluster off", &leave::reset(), "reset", limits).await?;
        let answer = self.run(id, "cleaning", &leave::clean(), "cleaned", limits).await?;
        // As a look and not as a step, whose own traces would be left.
        let doing = "forgetting the machine";
        let forget = Command::look(doing, leave::forget().render());
        let output = self.machine(id, limits).await?.run(&forget, limits).await.map_err(engine)?;
        output.success(doing, id.to_string()).map_err(engine)?;
        let left: Vec<_> = answer.all("left").map(str::to_owned).collect();
        let note = Note::LeftOnMachine { machine: id.name.clone(), left };
        Ok(if answer.has("left") { vec![note] } else { Vec::new() })
    }
}

fn engine(error: EngineError) -> MachineTrouble {
    MachineTrouble::Engine(error)
}

fn problem(problem: nodes::problem::Problem) -> MachineTrouble {
    MachineTrouble::Problem(problem)
}
