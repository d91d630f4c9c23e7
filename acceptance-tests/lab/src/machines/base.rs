//! The root file system that all machines share: made once, kept in the user's cache.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::environment::cache_root;
use crate::machines::shell::{command, output};
use crate::progress::Progress;
use crate::store;

/// How it is made.
const SCRIPT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/base.sh"));

/// The first process of a machine.
const INIT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/machines/init.sh"));

/// The name of the folder: it changes with the scripts and with the kernel, whose configuration is in it.
pub(crate) fn key() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    store::key("base", [SCRIPT.to_owned(), INIT.to_owned(), kernel])
}

/// Gives the folder, making it the first time.
///
/// # Errors
///
/// The packages cannot be fetched or unpacked.
pub(crate) fn ensure(progress: &Progress) -> anyhow::Result<PathBuf> {
    let root = cache_root()?.join("machines");
    store::folder(&root, "base", &key(), progress, |scratch| {
        progress.say("base of the machines: making it, once; half a minute to two");
        let begun = std::time::Instant::now();
        let (script, init) = (scratch.join("base.sh"), scratch.join("init.sh"));
        fs::write(&script, SCRIPT).context("writing base.sh")?;
        fs::write(&init, INIT).context("writing init.sh")?;
        let out = scratch.join("base");
        let mut bash = command("bash");
        bash.arg(&script).arg(&out).arg(&init).env("TMPDIR", scratch);
        output(&mut bash).context("making the base of the machines")?;
        progress.say(&format!("base of the machines: made in {:.0} s", begun.elapsed().as_secs_f64()));
        Ok(out)
    })
}
