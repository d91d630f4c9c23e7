//! What is said when something panics.

use std::backtrace::Backtrace;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::thread;

use jiff::Timestamp;
use serde_json::Map;
use tracing::Level;

use super::line::Entry;

/// Replaces Rust's own words, which Terraform does not recognise.
///
/// A panic of the main thread ends the process: it is printed so that Terraform shows it in its report of a
/// crashed plugin, even when nothing is logged. Any other panic is caught by whoever started the task
/// and is logged as an error.
pub(super) fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::force_capture();
        let said = if thread::current().name() == Some("main") {
            dying_words(panic, &backtrace).into_bytes()
        } else {
            error_line(panic, &backtrace)
        };
        drop(io::stderr().write_all(&said));
    }));
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    panic.payload_as_str().unwrap_or("no message").to_owned()
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map(ToString::to_string).unwrap_or_default()
}

/// Terraform keeps from the line that begins so, 100 lines at most.
fn dying_words(panic: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    format!("panic: {}\n\nat {}\n{backtrace}\n", message(panic), place(panic))
}

fn error_line(panic: &PanicHookInfo<'_>, backtrace: &Backtrace) -> Vec<u8> {
    let fields = Map::from_iter([
        ("at".to_owned(), place(panic).into()),
        ("backtrace".to_owned(), backtrace.to_string().into()),
    ]);
    let entry = Entry {
        timestamp: Timestamp::now(),
        level: Level::ERROR,
        target: module_path!().to_owned(),
        message: format!("a task panicked: {}", message(panic)),
        fields,
    };
    entry.to_line()
}
