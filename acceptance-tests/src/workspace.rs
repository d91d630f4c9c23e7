//! A private folder in which a host works on one configuration with the built provider.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment;
use crate::host::Host;
use crate::process::{Finished, Launch, Running};
use crate::provider::SOURCE;

/// How long one command may take before it counts as hung.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a plan with `-detailed-exitcode` ends with when it has changes.
const HAS_CHANGES: i32 = 2;

/// The folder, and how the host is run in it.
#[derive(Debug)]
pub struct Workspace {
    host: Host,
    root: TempDir,
    provider: PathBuf,
    env: RefCell<Vec<(OsString, OsString)>>,
    runs: Cell<usize>,
    patience: Cell<Duration>,
}

/// The folder `cases/NAME`.
pub fn case_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

/// Where the trace logs of a command go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    /// Nowhere.
    Off,
    /// All of them, into [`Workspace::log`].
    Trace,
}

impl Workspace {
    /// Makes the folder, in `parent`, for the provider whose binary is `provider`.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn new(host: &Host, parent: &Path, name: &str, provider: &Path) -> anyhow::Result<Self> {
        let root = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir_in(parent)
            .context("making a workspace")?;
        for folder in ["config", "home", "output"] {
            fs::create_dir(root.path().join(folder)).context("making a workspace")?;
        }
        let binaries = provider.parent().context("the provider's binary is in no folder")?;
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    {SOURCE:?} = {:?}\n  }}\n  direct {{}}\n}}\n",
            binaries.display().to_string(),
        );
        fs::write(root.path().join("cli.tfrc"), settings).context("making a workspace")?;
        let path = |name: &str| root.path().join(name).into_os_string();
        let env = [
            ("PATH", environment::search_path()),
            ("HOME", path("home")),
            ("TF_CLI_CONFIG_FILE", path("cli.tfrc")),
            ("CHECKPOINT_DISABLE", "1".into()),
            ("TF_IN_AUTOMATION", "1".into()),
            ("TF_INPUT", "0".into()),
        ];
        let env = env.map(|(key, value)| (OsString::from(key), value)).to_vec();
        Ok(Self {
            host: host.clone(),
            root,
            provider: provider.to_owned(),
            env: RefCell::new(env),
            runs: Cell::new(0),
            patience: Cell::new(PATIENCE),
        })
    }

    /// The host that works here.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// A path inside the folder that holds the configuration and the state.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("config").join(name)
    }

    /// The file with the trace logs of this workspace.
    pub fn log(&self) -> PathBuf {
        self.root.path().join("trace.log")
    }

    /// A folder beside the configuration, made if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn beside(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.root.path().join(name);
        fs::create_dir_all(&folder).with_context(|| format!("making the folder {name}"))?;
        Ok(folder)
    }

    /// Replaces the host's settings, which say that the provider under test is used in place of an installed one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn settings(&self, text: &str) -> anyhow::Result<()> {
        fs::write(self.root.path().join("cli.tfrc"), text).context("writing the host's settings")
    }

    /// The provider's binary that runs here.
    pub fn provider(&self) -> &Path {
        &self.provider
    }

    /// Writes a file of the configuration.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        fs::write(self.path(name), text).with_context(|| format!("writing {name}"))
    }

    /// Reads a file of the configuration.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(&self, name: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.path(name)).with_context(|| format!("reading {name}"))
    }

    /// Copies the files of `cases/NAME` that are configuration.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn take(&self, case: &str) -> anyhow::Result<()> {
        self.take_from(&case_folder(case))
    }

    /// Copies `main.tf` of `cases/NAME` under another name, beside what there is.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn take_as(&self, case: &str, name: &str) -> anyhow::Result<()> {
        let file = case_folder(case).join("main.tf");
        fs::copy(&file, self.path(name)).with_context(|| format!("copying {}", file.display())).map(drop)
    }

    /// Copies the files of a folder that are configuration.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn take_from(&self, folder: &Path) -> anyhow::Result<()> {
        let doing = || format!("copying {}", folder.display());
        for entry in fs::read_dir(folder).with_context(doing)? {
            let file = entry.with_context(doing)?.path();
            if file.extension().is_some_and(|extension| extension == "tf") {
                let name = file.file_name().with_context(doing)?;
                fs::copy(&file, self.root.path().join("config").join(name)).with_context(doing)?;
            }
        }
        Ok(())
    }

    /// Sets the values of all variables.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn variables(&self, values: &Value) -> anyhow::Result<()> {
        self.write("terraform.tfvars.json", &values.to_string())
    }

    /// Sets an environment variable for the commands that follow.
    pub fn set_env(&self, name: &str, value: &str) {
        self.env.borrow_mut().push((name.into(), value.into()));
    }

    /// Gives the commands that follow another time before they count as hung.
    pub fn be_patient(&self, patience: Duration) {
        self.patience.set(patience);
    }

    /// Starts the host without waiting for it.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(&self, args: &[&str], logs: Logs) -> anyhow::Result<Running> {
        self.runs.set(self.runs.get() + 1);
        let name = format!("{:02}-{}", self.runs.get(), args.first().unwrap_or(&"host"));
        let mut env = self.env.borrow().clone();
        if logs == Logs::Trace {
            env.push(("TF_LOG".into(), "trace".into()));
            env.push(("TF_LOG_PATH".into(), self.log().into_os_string()));
        }
        Launch {
            program: self.host.binary.clone(),
            args: args.iter().map(ToString::to_string).collect(),
            env,
            cwd: self.root.path().join("config"),
            output: self.root.path().join("output").join(name),
        }
        .start()
    }

    /// Runs the host to its end, whatever that is.
    ///
    /// # Errors
    ///
    /// It cannot be started or does not end.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<Finished> {
        self.start(args, Logs::Off)?.wait(self.patience.get())
    }

    /// Runs the host to its end, with trace logs.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_traced(&self, args: &[&str]) -> anyhow::Result<Finished> {
        self.start(args, Logs::Trace)?.wait(self.patience.get())
    }

    /// Applies, whatever comes of it.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn try_apply(&self) -> anyhow::Result<Finished> {
        self.run(&["apply", "-json", "-auto-approve"])
    }

    /// Applies.
    ///
    /// # Errors
    ///
    /// The apply fails.
    pub fn apply(&self) -> anyhow::Result<Finished> {
        self.try_apply()?.ended_with(0)
    }

    /// Destroys all that is in state.
    ///
    /// # Errors
    ///
    /// The destroy fails, or something is left in state.
    pub fn destroy(&self) -> anyhow::Result<Finished> {
        let finished = self.run(&["destroy", "-json", "-auto-approve"])?.ended_with(0)?;
        let left = self.addresses()?;
        ensure!(left.is_empty(), "a destroy left in state: {}", left.join(", "));
        Ok(finished)
    }

    /// Plans and checks that there is nothing to do.
    ///
    /// # Errors
    ///
    /// There is something to do, or the plan fails.
    pub fn plans_nothing(&self) -> anyhow::Result<Finished> {
        self.run(&["plan", "-json", "-detailed-exitcode"])?.ended_with(0)
    }

    /// Plans and checks that there is something to do.
    ///
    /// # Errors
    ///
    /// There is nothing to do, or the plan fails.
    pub fn plans_changes(&self) -> anyhow::Result<Finished> {
        self.run(&["plan", "-json", "-detailed-exitcode"])?.ended_with(HAS_CHANGES)
    }

    /// Refreshes without storing it, and checks that nothing differs from what is stored.
    ///
    /// # Errors
    ///
    /// Something differs, or the refresh fails.
    pub fn refreshes_nothing(&self) -> anyhow::Result<Finished> {
        self.run(&["plan", "-json", "-refresh-only", "-detailed-exitcode"])?.ended_with(0)
    }

    /// Takes over what is there, without a change to it, and checks that this settles: hosts store what an import or an
    /// older host left open, such as dependencies and identities, only at the next apply.
    ///
    /// # Errors
    ///
    /// There is something to change, or a refresh after it finds something.
    pub fn settles(&self) -> anyhow::Result<()> {
        self.plans_nothing()?;
        self.apply()?;
        self.refreshes_nothing().map(drop)
    }

    /// The state as stored; null if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not JSON.
    pub fn state(&self) -> anyhow::Result<Value> {
        let file = self.path("terraform.tfstate");
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).context("reading the state"),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Value::Null),
            Err(cause) => Err(cause).context("reading the state"),
        }
    }

    /// The addresses of the managed resources in state that have an instance, without keys. A resource whose create was
    /// refused may stand there without one.
    ///
    /// # Errors
    ///
    /// As [`Self::state`].
    pub fn addresses(&self) -> anyhow::Result<Vec<String>> {
        let state = self.state()?;
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        Ok(resources
            .iter()
            .filter(|it| it["mode"] == "managed" && it["instances"] != json!([]))
            .map(address)
            .collect())
    }

    /// The one instance of a resource, with its `attributes` and `status`; null if it is not in state.
    ///
    /// # Errors
    ///
    /// As [`Self::state`].
    pub fn instance(&self, wanted: &str) -> anyhow::Result<Value> {
        let state = self.state()?;
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        let found = resources.iter().find(|it| address(it) == wanted);
        Ok(found.map(|it| it["instances"][0].clone()).unwrap_or_default())
    }

    /// Leaves the folder behind, under `parent`, for a person to look at.
    ///
    /// # Errors
    ///
    /// The folder cannot be moved.
    pub fn keep(self, parent: &Path) -> anyhow::Result<PathBuf> {
        fs::create_dir_all(parent).context("keeping a workspace")?;
        let from = self.root.keep();
        let target = parent.join(from.file_name().unwrap_or_default());
        fs::rename(&from, &target).context("keeping a workspace")?;
        Ok(target)
    }
}

fn address(resource: &Value) -> String {
    let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
    format!("{}.{}", text("type"), text("name"))
}
