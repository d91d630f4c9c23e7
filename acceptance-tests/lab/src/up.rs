//! Starting a lab, and mending one that is there.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures::future::{join_all, try_join_all};

use crate::down;
use crate::kubeconfig::{Entry, render};
use crate::lab::{Lab, OnDrop, layout};
use crate::layout::Layout;
use crate::part::PartSpec;
use crate::parts::control::{self, Ask, Mode};
use crate::process::{Condition, Identity, Launch};
use crate::progress::Progress;
use crate::runtime::block_on;
use crate::specs::{self, Specs, cluster_names, proxy_name};
use crate::state::{Lock, Part, State};
use crate::status::{await_ready, environment_of};
use crate::tools::cache::Cache;
use crate::{binary, cluster, environment, files, flux, git, pki};

/// The longest path of a lab's folder: unix sockets have paths of at most 107 bytes.
const LONGEST_DIR: usize = 80;

/// What to start.
#[derive(Clone, Debug)]
pub struct UpOptions {
    /// The folder; the default one if none is named.
    pub dir: Option<PathBuf>,
    /// How many clusters, the host included; at least one. A lab that has more keeps them.
    pub clusters: usize,
    /// Whether Flux runs.
    pub flux: bool,
    /// The binary with the hidden verbs; looked for if none is named: this program if it
    /// called [`crate::parts::command::run_if_asked`], else `lab` in its folder or the one above.
    pub part_binary: Option<PathBuf>,
    /// Where it says what it is doing.
    pub progress: Progress,
}

impl Default for UpOptions {
    /// Two clusters with Flux in the default folder, silently.
    fn default() -> Self {
        Self { dir: None, clusters: 2, flux: true, part_binary: None, progress: Progress::silent() }
    }
}

impl Lab {
    /// Starts the control planes and waits until everything is up; a lab that is there is mended.
    ///
    /// Dropping the value leaves the lab running.
    ///
    /// # Errors
    ///
    /// A tool cannot be built; a part does not come up, with the last lines of its log.
    /// What was started stays: look at it, then [`crate::lab::Lab::down`].
    pub fn up(options: &UpOptions) -> anyhow::Result<Self> {
        let layout = layout(options.dir.as_deref())?;
        raise(&layout, options, None)?;
        Ok(Self { layout, progress: options.progress.clone(), on_drop: OnDrop::Leave })
    }

    /// Starts a lab in a new folder that goes down when the value is dropped.
    ///
    /// If this process is killed, the next ephemeral lab of the user clears up behind it.
    ///
    /// # Errors
    ///
    /// As [`Self::up`]; what was started has gone down again.
    pub fn ephemeral(options: &UpOptions) -> anyhow::Result<Self> {
        let lab =
            Self { layout: ephemeral_layout()?, progress: options.progress.clone(), on_drop: OnDrop::Down };
        raise(&lab.layout, options, Identity::own())?;
        Ok(lab)
    }

    /// Starts again what is dead, wakes what is frozen and takes every fault away.
    ///
    /// # Errors
    ///
    /// A part does not come up, with the last lines of its log.
    pub fn heal(&self) -> anyhow::Result<()> {
        let _lock = Lock::take(self.layout.root())?;
        let mut raising = Raising::of(&self.layout, self.progress.clone())?;
        let specs: Vec<_> = raising.state.parts.values().map(|part| part.spec.clone()).collect();
        raising.ensure_all(&specs)?;
        raising.lift_faults()
    }
}

fn raise(layout: &Layout, options: &UpOptions, owner: Option<Identity>) -> anyhow::Result<()> {
    if options.clusters == 0 {
        bail!("a lab has at least one cluster");
    }
    git::check()?;
    let _lock = begin(layout, options.part_binary.as_deref(), owner)?;
    let tools = Cache::open(options.progress.clone())?;
    Raising::of(layout, options.progress.clone())?.control_planes(&tools, options)
}

/// Begins the record of a lab in a folder that has none, and holds the folder.
pub(crate) fn begin(
    layout: &Layout,
    part_binary: Option<&Path>,
    owner: Option<Identity>,
) -> anyhow::Result<Lock> {
    let root = layout.root();
    if root.as_os_str().len() > LONGEST_DIR {
        bail!("{}: the path of a lab's folder has at most {LONGEST_DIR} bytes", root.display());
    }
    let part_binary = binary::find(part_binary)?;
    let lock = Lock::take(root)?;
    let state = match State::read(layout)? {
        Some(state) => State { part_binary, ..state },
        None => {
            let mut there = std::fs::read_dir(root).context("reading the lab's folder")?;
            if there.next().is_some() {
                bail!("starting a lab in {}: the folder is not empty and holds no lab", root.display());
            }
            State::new(part_binary, owner)
        }
    };
    state.write(layout)?;
    Ok(lock)
}

/// Gives the layout of a new lab that somebody wants for a while, after clearing up behind those who are gone.
pub(crate) fn ephemeral_layout() -> anyhow::Result<Layout> {
    let root = environment::labs_root()?.join("ephemeral");
    down::clear_orphans(&root)?;
    let name = uuid::Uuid::new_v4().simple().to_string();
    Ok(Layout::new(root.join(&name[..12])))
}

/// A lab on its way up. The folder is locked as long as this lives.
pub(crate) struct Raising<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) state: State,
    pub(crate) progress: Progress,
}

impl<'a> Raising<'a> {
    pub(crate) fn of(layout: &'a Layout, progress: Progress) -> anyhow::Result<Self> {
        Ok(Self { layout, state: State::of(layout)?, progress })
    }

    fn control_planes(&mut self, tools: &Cache, options: &UpOptions) -> anyhow::Result<()> {
        let names = cluster_names(options.clusters.max(self.state.clusters.len()));
        for folder in self.layout.folders() {
            files::private_dir(&folder)?;
        }
        for name in &names {
            pki::ensure(&self.layout.pki(name), name)?;
        }
        let mut specs = Specs { layout: self.layout, state: &mut self.state, tools };
        let etcd = specs.etcd()?;
        let mut servers = vec![specs.git()?, specs.charts()?, specs.registry()?];
        let mut workers = Vec::new();
        for name in &names {
            servers.extend([specs.api_server(name)?, specs.proxy(name)?]);
            workers.extend([specs.controllers(name)?, specs.node(name)]);
        }
        let controllers = if options.flux { specs.flux()? } else { Vec::new() };
        self.state.clusters = names;
        self.write_files()?;
        self.state.write(self.layout)?;

        self.ensure_all(&[etcd])?;
        self.ensure_all(&servers)?;
        let woken: Vec<_> = workers.iter().map(|spec| self.ensure(spec)).collect::<anyhow::Result<_>>()?;
        if options.flux {
            self.install_flux(tools)?;
            self.ensure_all(&controllers)?;
        }
        self.await_all(&workers.into_iter().zip(woken).collect::<Vec<_>>())?;
        self.ensure_reach()?;
        self.lift_faults()
    }

    /// Writes the kubeconfigs and the registry's configuration.
    fn write_files(&mut self) -> anyhow::Result<()> {
        let registry = self.state.port("registry")?;
        for part in ["registry", "flux-source"] {
            files::private_dir(&self.layout.data(part))?;
        }
        let config = specs::registry_config(
            &self.layout.data("registry").join("blobs"),
            &format!("127.0.0.1:{registry}"),
        );
        files::write_private(
            &self.layout.data("registry").join("config.json"),
            serde_json::to_vec(&config)?,
        )?;
        let mut all = Vec::new();
        for name in self.state.clusters.clone() {
            let outer = self.entry(&name, &proxy_name(&name))?;
            let inner = self.entry(&name, &specs::api_server_name(&name))?;
            files::write_private(&self.layout.inner_kubeconfig(&name), render(&[inner]))?;
            files::write_private(&self.layout.kubeconfig(&name), render(std::slice::from_ref(&outer)))?;
            all.push(outer);
        }
        files::write_private(&self.layout.merged_kubeconfig(), render(&all))
    }

    pub(crate) fn entry(&mut self, cluster: &str, purpose: &str) -> anyhow::Result<Entry> {
        let pki = self.layout.pki(cluster);
        let authority = std::fs::read_to_string(pki.join(pki::CA_CERTIFICATE))
            .with_context(|| format!("reading the certificate authority of {cluster}"))?;
        Ok(Entry {
            name: cluster.to_owned(),
            address: Ipv4Addr::LOCALHOST,
            port: self.state.port(purpose)?,
            authority,
            token: pki::token(&pki)?,
        })
    }

    fn install_flux(&mut self, tools: &Cache) -> anyhow::Result<()> {
        let key = flux::key();
        if self.state.flux_definitions.as_ref() == Some(&key) {
            return Ok(());
        }
        let begun = Instant::now();
        let definitions = flux::definitions(tools)?;
        block_on(async {
            let client = cluster::client(&self.layout.inner_kubeconfig(specs::HOST)).await?;
            flux::install(&client, &definitions).await
        })
        .with_context(|| format!("preparing {} for Flux", specs::HOST))?;
        self.state.flux_definitions = Some(key);
        self.state.write(self.layout)?;
        let seconds = begun.elapsed().as_secs_f64();
        self.progress.say(&format!("Flux definitions: {} served after {seconds:.1} s", definitions.len()));
        Ok(())
    }

    /// Starts what is not running and waits until all of it is up.
    pub(crate) fn ensure_all(&mut self, specs: &[PartSpec]) -> anyhow::Result<()> {
        let mut begun = Vec::new();
        for spec in specs {
            begun.push((spec.clone(), self.ensure(spec)?));
        }
        self.await_all(&begun)
    }

    /// Starts a part unless it runs as specified.
    fn ensure(&mut self, spec: &PartSpec) -> anyhow::Result<Started> {
        if let Some(part) = self.state.parts.get(&spec.name)
            && let Some(process) = part.process
        {
            match process.condition() {
                Condition::Running if part.spec == *spec => return Ok(Started::now(process, News::None)),
                Condition::Frozen if part.spec == *spec => {
                    process.signal(rustix::process::Signal::CONT)?;
                    return Ok(Started::now(process, News::Woken));
                }
                Condition::Running | Condition::Frozen => down::end(part)?,
                Condition::Dead => {}
            }
        }
        let process = Launch {
            part_binary: &self.state.part_binary,
            program: &spec.program,
            args: &spec.args,
            env: &environment_of(self.layout, &self.state.id, spec),
            cwd: self.layout.root(),
            log: self.layout.log(&spec.name),
        }
        .start()
        .with_context(|| format!("starting {}", spec.name))?;
        self.state.parts.insert(spec.name.clone(), Part { spec: spec.clone(), process: Some(process) });
        // At once: a process that is not recorded is hard to find again.
        self.state.write(self.layout)?;
        Ok(Started::now(process, News::Begun))
    }

    fn await_all(&self, started: &[(PartSpec, Started)]) -> anyhow::Result<()> {
        let one = async |(spec, started): &(PartSpec, Started)| {
            await_ready(self.layout, spec, started.process).await?;
            let seconds = started.at.elapsed().as_secs_f64();
            match started.news {
                News::None => {}
                News::Begun => {
                    self.progress.say(&format!("{}: up after {seconds:.1} s{}", spec.name, note(spec)));
                }
                News::Woken => self.progress.say(&format!("{}: woken after {seconds:.1} s", spec.name)),
            }
            anyhow::Ok(())
        };
        block_on(async { try_join_all(started.iter().map(one)).await.map(drop) })
    }

    /// Tells every proxy to hand everything on, and to cut nothing.
    pub(crate) fn lift_faults(&self) -> anyhow::Result<()> {
        let clusters = &self.state.clusters;
        let ask = async |name: &String| {
            let socket = self.layout.proxy_control(name);
            control::ask(&socket, &Ask::LiftCuts).await?;
            control::ask(&socket, &Ask::SetMode(Mode::Pass)).await
        };
        block_on(async {
            join_all(clusters.iter().map(ask)).await.into_iter().collect::<anyhow::Result<Vec<_>>>()
        })?;
        Ok(())
    }
}

/// A part that was seen to.
#[derive(Clone, Copy, Debug)]
struct Started {
    process: Identity,
    news: News,
    at: Instant,
}

impl Started {
    fn now(process: Identity, news: News) -> Self {
        Self { process, news, at: Instant::now() }
    }
}

/// What had to be done for a part.
#[derive(Clone, Copy, Debug)]
enum News {
    None,
    Begun,
    Woken,
}

/// Says which parts are not the real thing.
fn note(spec: &PartSpec) -> &'static str {
    if spec.name.ends_with("-node") { " (a stand-in: it says that pods run, and runs none)" } else { "" }
}

/// How long a part may take to come up. Eleven API servers at once took 12 s on two busy cores (2026-11-21).
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
