//! Commands.

use std::sync::Arc;

use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::{Command, Manner, Output};
use engines::secret::ExposeSecret as _;

use crate::errors::said;
use crate::exec::{Heard, converse};
use crate::machine::Door;
use crate::program::Program;

/// Less is never kept: the last words of a step have to fit.
const LEAST_OUTPUT: usize = 4096;

/// Runs a command.
///
/// # Errors
///
/// As [`engines::machines::Machine::run`].
pub(crate) async fn run(door: &Arc<Door>, command: &Command, limits: &Limits) -> Result<Output, EngineError> {
    let name = match &command.manner {
        Manner::Look => None,
        Manner::Step { name } if is_name(name) => Some(name.as_str()),
        Manner::Step { name } => {
            let text = format!("`{name}` cannot be the name of a step");
            return Err(said(command.doing, door.commands.to.to_string(), Kind::Rejected, text));
        }
    };
    let program = Program::run(command.script.expose_secret(), name).with(command.rights);
    let most = command.most_output.max(LEAST_OUTPUT);
    let Heard { ending, stdout, stderr } = converse(door, command.doing, program, most, limits).await?;
    let ((stdout, left_of_stdout), (stderr, left_of_stderr)) = (stdout.finish(), stderr.finish());
    Ok(Output { ending, stdout, stderr, left_out: left_of_stdout + left_of_stderr })
}

/// It becomes the name of a file.
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 100 && name.bytes().all(is_letter)
}
