//! `make quickstart`: from nothing to an application on two clusters.

use std::fs;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::build::{Built, Profile};
use crate::host::{Host, NO_TERRAFORM, Workplace};
use crate::repository::Repository;
use crate::{files, run};

/// Where the example is.
const EXAMPLE: &str = "examples/quickstart";

/// What the lab tells about itself, in part.
#[derive(Debug, Deserialize)]
struct Lab {
    dir: PathBuf,
    kubeconfig: PathBuf,
    git_url: String,
    clusters: std::collections::BTreeMap<String, serde_json::Value>,
    stand_ins: Vec<String>,
}

/// Starts the lab, applies the example, and shows what arrived.
///
/// # Errors
///
/// The first thing that does not work.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    say("building the provider and the lab");
    let built = Built::up_to_date(repository, Profile::Dev)?;
    let host = Host::first(&built)?;
    if host.name != "terraform" {
        say(NO_TERRAFORM);
    }
    say(
        "starting the lab: two control planes, Flux and a git server (the first time builds them, which takes minutes)",
    );
    run::run(&mut built.lab(&["up", "control-planes", "--clusters", "2"]))?;
    let lab: Lab =
        serde_json::from_str(&run::output(&mut built.lab(&["env"]))?).context("reading what the lab says")?;
    say("putting examples/quickstart/apps into the lab's git server as apps.git");
    run::run(built.lab(&["git", "seed", "apps"]).arg(repository.path(EXAMPLE).join("apps")))?;

    let place = Place::prepare(repository, &built, &lab)?;
    say(&format!("{} apply, in {}", host.name, place.config.display()));
    run::run(&mut place.command(&host, &["apply", "-auto-approve", "-input=false"]))?;
    say("a second plan");
    let planned = place
        .command(&host, &["plan", "-input=false", "-detailed-exitcode"])
        .status()
        .context("starting a second plan")?;
    if planned.code() != Some(0) {
        bail!("the second plan is not empty: it ended with {planned}");
    }
    show(&built, &lab)?;
    epilogue(&host, &lab, &place, &built);
    Ok(())
}

fn say(line: &str) {
    println!("\n=== {line}");
}

/// Where the configuration and its state are. It is inside the lab's folder and goes with it: a state of clusters
/// that are gone helps nobody.
struct Place {
    workplace: Workplace,
    config: PathBuf,
}

impl Place {
    fn prepare(repository: &Repository, built: &Built, lab: &Lab) -> anyhow::Result<Self> {
        let folder = lab.dir.join("quickstart");
        let workplace = Workplace::furnish(&folder, &built.provider)?;
        let config = folder.join("config");
        // Of an earlier run, and perhaps edited since: left as it is.
        if !config.join("main.tf").is_file() {
            for file in files::below(&repository.path(EXAMPLE))? {
                if file.extension().is_some_and(|extension| extension == "tf") {
                    files::copy(&file, &config.join(file.file_name().unwrap_or_default()))?;
                }
            }
        }
        let variables = serde_json::json!({ "kubeconfig": lab.kubeconfig, "git_url": git_url(lab) });
        fs::write(config.join("terraform.tfvars.json"), variables.to_string())
            .context("writing the variables")?;
        Ok(Self { workplace, config })
    }

    fn command(&self, host: &Host, arguments: &[&str]) -> Command {
        let mut command = self.workplace.command(host, &self.config, arguments);
        if !std::io::stdout().is_terminal() {
            command.arg("-no-color");
        }
        command
    }
}

fn git_url(lab: &Lab) -> String {
    format!("{}/apps.git", lab.git_url.trim_end_matches('/'))
}

fn show(built: &Built, lab: &Lab) -> anyhow::Result<()> {
    let kubectl = built.tool("kubectl")?;
    for cluster in lab.clusters.keys() {
        say(&format!("cluster {cluster}"));
        let of = |arguments: &[&str]| {
            let mut command = Command::new(&kubectl);
            command.arg("--kubeconfig").arg(&lab.kubeconfig).args(["--context", cluster]).args(arguments);
            run::run(&mut command)
        };
        of(&["get", "deployments", "--all-namespaces", "--output", "wide"])?;
    }
    Ok(())
}

fn epilogue(host: &Host, lab: &Lab, place: &Place, built: &Built) {
    let (config, settings) = (place.config.display(), place.workplace.settings());
    let program = host.program.display();
    let nodes = lab.stand_ins.join("; ");
    println!(
        "
The API servers, their controllers, Flux and the git server are real. What is a stand-in: {nodes}.

Go on from here:

  export TF_CLI_CONFIG_FILE={settings} LAB_DIR={lab_dir}
  cd {config}

  in main.tf, change the label env = \"edge\", or give it to hub, and then
  {program} plan       shows what moves
  {program} apply      moves it: pruned on the one cluster, applied on the other
  {program} destroy    leaves both clusters as they were

  {lab} status
  {lab} down           ends the lab and removes its folder, this one included",
        settings = settings.display(),
        lab_dir = lab.dir.display(),
        lab = built.lab.display(),
    );
}
