//! Files: through a shell, by its standard input and output.

use std::sync::Arc;

use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::{Content, Ending, MOST_FILE, Output, RemoteFile};
use engines::secret::ExposeSecret as _;

use crate::errors::said;
use crate::exec::{Heard, converse};
use crate::machine::Door;
use crate::program::Program;

/// How much is kept of what a failing program says.
const MOST_SAID: usize = 16 * 1024;

/// The status by which `get.sh` says that there is no such file.
const ABSENT: Ending = Ending::Exited(44);

/// The mode of a secret.
const SECRET: u32 = 0o600;

/// Writes a file.
///
/// # Errors
///
/// As [`engines::machines::Machine::put`].
pub(crate) async fn put(door: &Arc<Door>, file: &RemoteFile, limits: &Limits) -> Result<(), EngineError> {
    let doing = "writing a file on";
    check_path(door, doing, &file.path)?;
    let owner = file.owner.as_deref().unwrap_or_default();
    let program = match &file.content {
        Content::Plain { bytes, mode } => Program::put(&file.path, *mode, owner, bytes),
        Content::Secret(bytes) => Program::put(&file.path, SECRET, owner, bytes.expose_secret()),
    };
    let output = output(converse(door, doing, program, MOST_SAID, limits).await?);
    output.success(doing, target(door, &file.path)).map(drop)
}

/// Fetches a file.
///
/// # Errors
///
/// As [`engines::machines::Machine::get`].
pub(crate) async fn get(
    door: &Arc<Door>,
    path: &str,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, EngineError> {
    let doing = "fetching a file of";
    check_path(door, doing, path)?;
    let program = Program::get(path, MOST_FILE);
    let output = output(converse(door, doing, program, MOST_FILE, limits).await?);
    if output.ending == ABSENT {
        return Ok(None);
    }
    let output = output.success(doing, target(door, path))?;
    if output.left_out > 0 {
        // It grew while it was read.
        let text = format!("it has more than {MOST_FILE} bytes");
        return Err(said(doing, target(door, path), Kind::Rejected, text));
    }
    Ok(Some(output.stdout))
}

fn target(door: &Door, path: &str) -> String {
    format!("{}: {path}", door.commands.to)
}

fn output(heard: Heard) -> Output {
    let Heard { ending, stdout, stderr } = heard;
    let ((stdout, left_out), (stderr, _)) = (stdout.finish(), stderr.finish());
    Output { ending, stdout, stderr, left_out }
}

/// Where one logs in is nobody's business: paths are absolute.
fn check_path(door: &Door, doing: &'static str, path: &str) -> Result<(), EngineError> {
    if path.starts_with('/') && !path.contains('\0') {
        return Ok(());
    }
    Err(said(doing, target(door, path), Kind::Rejected, "the path is not absolute"))
}
