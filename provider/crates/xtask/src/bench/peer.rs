//! A provider written in Go, measured beside ours: the kubernetes provider, with as many `ConfigMap`s as we have
//! applications. It reads them one by one.

use std::path::Path;

use serde_json::json;

use crate::bench::caller::Caller;
use crate::bench::hosted::Hosted;
use crate::bench::site::Site;
use crate::bench::table;
use crate::build::Built;
use crate::host::Host;

/// The configuration.
const CONFIG: &str = include_str!("../../bench/config_maps.tf");

/// What configurations call the provider.
const SOURCE: &str = "hashicorp/kubernetes";

/// How many.
const MANY: usize = 1_000;

/// Measures and prints the rows.
///
/// # Errors
///
/// Something does not work, or the plan is not empty.
pub(crate) fn measure(built: &Built, site: &Site<'_>, caller: &Caller, folder: &Path) -> anyhow::Result<()> {
    let provider = built.tool("terraform-provider-kubernetes")?;
    let host = Host::first(built)?;
    table::head(
        "the kubernetes provider, in Go",
        &["provider CPU", "peak memory", "requests", "wall", "host CPU"],
    );
    let hosted = Hosted::new(&host, &folder.join("config-maps"), CONFIG, SOURCE, &provider)?;
    hosted.set(&json!({ "kubeconfig": site.kubeconfig, "config_maps": MANY }))?;
    hosted.run(&["apply", "-auto-approve", "-parallelism=30"])?;
    let count = || site.answered(|kind| kind == "configmaps");
    let before = count()?;
    let took = hosted.empty_plan(1)?;
    let requests = count()?.since(&before);
    table::row(
        &format!("a plan of {MANY} ConfigMaps, {}", host.name),
        &[
            table::seconds(took.provider.cpu()),
            table::mebibytes(took.provider.peak_kib),
            requests.sum().to_string(),
            table::seconds(took.wall),
            table::seconds(took.host),
        ],
    );
    caller.start(&provider, folder)?;
    let start = caller.start(&provider, folder)?;
    let bytes = std::fs::metadata(&provider)?.len();
    table::row(
        "start to handshake line, to schema; binary",
        &[
            table::milliseconds(start.handshake),
            table::milliseconds(start.schema),
            table::mebibytes(start.resident_kib),
            format!("{} MB", bytes / 1_000_000),
        ],
    );
    Ok(())
}
