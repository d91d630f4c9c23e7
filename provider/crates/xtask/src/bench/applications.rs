//! Many applications: what an empty plan of them costs, and what making a hundred takes beside kubectl.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::bench::hosted::{Hosted, Took};
use crate::bench::site::{Requests, Site};
use crate::bench::table;
use crate::build::Built;
use crate::host::{Host, SOURCE};
use crate::run;

/// The configuration.
const CONFIG: &str = include_str!("../../bench/applications.tf");

/// How many there are at first, and at the end.
const FEW: usize = 100;
const MANY: usize = 1_000;

/// How often a plan is made; the one in the middle counts.
const PLANS: usize = 3;

/// The fleet's namespace, and the one in which kubectl makes the same objects.
const NAMESPACE: &str = "kurator-bench";
const BESIDE: &str = "kurator-bench-kubectl";

/// The application of which Flux has really said something.
const SAMPLE: &str = "sample";

const KINDS: &str = "gitrepositories.source.toolkit.fluxcd.io,kustomizations.kustomize.toolkit.fluxcd.io";

/// Measures and prints the rows.
///
/// # Errors
///
/// Something does not work, or a plan is not empty.
pub(crate) fn measure(built: &Built, site: &Site<'_>, folder: &Path) -> anyhow::Result<()> {
    let hosts = Host::all(built)?;
    let (first, others) = hosts.split_first().context("finding a host")?;
    let hosted = |host: &Host| {
        let place = folder.join(format!("applications-{}", host.name));
        Hosted::new(host, &place, CONFIG, SOURCE, &built.provider)
    };
    let maker = hosted(first)?;
    ask_for(&maker, site, 0)?;
    maker.run(&["apply", "-auto-approve"])?;
    // A thousand applications of one repository would keep Flux busy for minutes, and it is not what is measured.
    run::output(&mut site.lab(&["fault", "flux-source", "kill"]))?;
    run::output(&mut site.lab(&["fault", "flux-kustomize", "kill"]))?;

    ask_for(&maker, site, FEW)?;
    let before = ours(site)?;
    let made = maker.run(&["apply", "-auto-approve"])?;
    let requests = ours(site)?.since(&before);
    beside_kubectl(site, folder, &maker, &made, &requests)?;

    table::head(
        "a plan that finds nothing to do",
        &["provider CPU", "peak memory", "requests", "wall", "host CPU"],
    );
    let few = empty_plan(&maker, site, FEW)?;
    ask_for(&maker, site, MANY)?;
    maker.run(&["apply", "-auto-approve", "-parallelism=30"])?;
    let many = empty_plan(&maker, site, MANY)?;
    for host in others {
        let other = hosted(host)?;
        ask_for(&other, site, MANY)?;
        hand_over(&maker, &other)?;
        plan_row(&other, site, MANY)?;
    }
    let times = many.provider.cpu().as_secs_f64() / few.provider.cpu().as_secs_f64().max(0.001);
    println!(
        "\n{MANY} applications take {times:.1} times the provider CPU of {FEW}, two process starts in each. Their Flux \
         objects were made by the provider; Flux was stopped then, and what it had said of a further one was written \
         into the status of all."
    );
    Ok(())
}

fn ask_for(hosted: &Hosted, site: &Site<'_>, applications: usize) -> anyhow::Result<()> {
    hosted.set(&json!({
        "kubeconfig": site.kubeconfig, "git_url": site.git_url, "applications": applications,
    }))
}

/// Requests to the kinds that the provider works with; nobody else asks for them while Flux is stopped.
fn ours(site: &Site<'_>) -> anyhow::Result<Requests> {
    site.answered(|kind| {
        [
            "gitrepositories",
            "kustomizations",
            "namespaces",
            "secrets",
            "serviceaccounts",
            "clusterrolebindings",
        ]
        .contains(&kind)
    })
}

/// Lets Flux have said of all what it said of one, takes that into the state, and measures.
fn empty_plan(hosted: &Hosted, site: &Site<'_>, applications: usize) -> anyhow::Result<Took> {
    spread_status(site)?;
    hosted.run(&["apply", "-auto-approve", "-refresh-only"])?;
    plan_row(hosted, site, applications)
}

fn plan_row(hosted: &Hosted, site: &Site<'_>, applications: usize) -> anyhow::Result<Took> {
    let before = ours(site)?;
    let took = hosted.empty_plan(PLANS)?;
    let requests = ours(site)?.since(&before);
    let each = requests.sum().div_ceil(u64::try_from(PLANS)?);
    let what = format!("{applications} applications, {}", hosted.name());
    table::row(
        &what,
        &[
            table::seconds(took.provider.cpu()),
            table::mebibytes(took.provider.peak_kib),
            each.to_string(),
            table::seconds(took.wall),
            table::seconds(took.host),
        ],
    );
    println!("    requests of {PLANS} plans: {}", requests.in_words());
    Ok(took)
}

/// The state of one host's work as another reads it: they call the provider by different addresses.
fn hand_over(from: &Hosted, to: &Hosted) -> anyhow::Result<()> {
    let registry = |host: &Hosted| match host.name() {
        "tofu" => "registry.opentofu.org",
        _ => "registry.terraform.io",
    };
    let state = fs::read_to_string(from.state()).context("reading the state")?;
    fs::write(to.state(), state.replace(registry(from), registry(to))).context("writing the state")
}

/// All objects of applications, as the API server has them.
fn objects(site: &Site<'_>) -> anyhow::Result<Vec<Value>> {
    let text = run::output(&mut site.kubectl(&["get", KINDS, "--namespace", NAMESPACE, "--output", "json"]))?;
    let mut list: Value = serde_json::from_str(&text).context("reading the applications' objects")?;
    match list["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

fn is_of_sample(object: &Value) -> bool {
    object["metadata"]["labels"]["kurator.dev/application"] == SAMPLE
}

fn write_list(folder: &Path, name: &str, items: &[Value]) -> anyhow::Result<std::path::PathBuf> {
    let file = folder.join(name);
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    fs::write(&file, list.to_string()).with_context(|| format!("writing {name}"))?;
    Ok(file)
}

/// Writes what Flux said of the sample's objects into the status of all others.
fn spread_status(site: &Site<'_>) -> anyhow::Result<()> {
    let objects = objects(site)?;
    let said = |kind: &Value| {
        let sample = objects.iter().find(|object| is_of_sample(object) && object["kind"] == *kind);
        sample.map(|object| object["status"].clone()).context("finding what Flux said")
    };
    let mut items = Vec::with_capacity(objects.len());
    for object in objects.iter().filter(|object| !is_of_sample(object)) {
        items.push(json!({
            "apiVersion": object["apiVersion"],
            "kind": object["kind"],
            "metadata": { "name": object["metadata"]["name"], "namespace": NAMESPACE },
            "status": said(&object["kind"])?,
        }));
    }
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let file = write_list(folder.path(), "status.json", &items)?;
    let apply = ["apply", "--server-side", "--subresource=status", "--field-manager=flux", "--filename"];
    run::output(site.kubectl(&apply).arg(file)).map(drop)
}

/// Makes the same objects once more with kubectl, and prints both times.
fn beside_kubectl(
    site: &Site<'_>,
    folder: &Path,
    maker: &Hosted,
    made: &Took,
    requests: &Requests,
) -> anyhow::Result<()> {
    let items: Vec<Value> =
        objects(site)?.into_iter().filter(|object| !is_of_sample(object)).map(bare).collect();
    ensure!(items.len() == 2 * FEW, "{} objects were made for {FEW} applications", items.len());
    let file = write_list(folder, "objects.json", &items)?;
    run::output(&mut site.kubectl(&["create", "namespace", BESIDE]))?;
    let begun = Instant::now();
    run::output(site.kubectl(&["apply", "--filename"]).arg(file))?;
    let kubectl = begun.elapsed();
    table::head(
        "create of 100 small applications",
        &["wall", "provider CPU", "peak memory", "requests", "host CPU"],
    );
    table::row(
        &format!("{} apply, `wait = false`", maker.name()),
        &[
            table::seconds(made.wall),
            table::seconds(made.provider.cpu()),
            table::mebibytes(made.provider.peak_kib),
            requests.sum().to_string(),
            table::seconds(made.host),
        ],
    );
    table::row("kubectl apply of the same 200 objects", &[table::seconds(kubectl)]);
    let times = made.wall.as_secs_f64() / kubectl.as_secs_f64();
    table::row("times kubectl", &[format!("{times:.2}")]);
    println!("    requests: {}", requests.in_words());
    Ok(())
}

/// An object as somebody would write it, in the other namespace.
fn bare(mut object: Value) -> Value {
    let metadata = object["metadata"].take();
    json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": {
            "name": metadata["name"],
            "namespace": BESIDE,
            "labels": metadata["labels"],
            "annotations": metadata["annotations"],
        },
        "spec": object["spec"],
    })
}
