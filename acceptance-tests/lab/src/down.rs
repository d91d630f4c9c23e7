//! Ending a lab: no process and no file is left.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::Context as _;
use rustix::process::Signal;

use crate::lab::{Lab, OnDrop, layout};
use crate::layout::Layout;
use crate::machines;
use crate::part::Ending;
use crate::process::{Condition, marked};
use crate::progress::Progress;
use crate::state::{Lock, Part, State};
use crate::status::MARK;

/// How long a part that was asked to end may take. What it would still do goes with the lab.
const PATIENCE: Duration = Duration::from_secs(2);

impl Lab {
    /// Ends every process of the lab and removes its folder.
    ///
    /// # Errors
    ///
    /// A process cannot be ended, or a file cannot be removed; what is left is still recorded.
    pub fn down(mut self) -> anyhow::Result<()> {
        // From here on an error is the caller's.
        self.on_drop = OnDrop::Leave;
        take_down(&self.layout, &self.progress)
    }

    /// Does the same to the lab in `dir`, or in the default folder; that there is none is fine.
    ///
    /// # Errors
    ///
    /// As [`Self::down`].
    pub fn down_if_there(dir: Option<&Path>, progress: &Progress) -> anyhow::Result<()> {
        take_down(&layout(dir)?, progress)
    }
}

impl Drop for Lab {
    #[expect(clippy::print_stderr, reason = "there is nobody to give the error to")]
    fn drop(&mut self) {
        if self.on_drop == OnDrop::Down
            && let Err(error) = take_down(&self.layout, &self.progress)
        {
            eprintln!("taking down the lab in {}: {error:#}", self.layout.root().display());
        }
    }
}

/// Ends one part, however it is to be ended.
pub(crate) fn end(part: &Part) -> anyhow::Result<()> {
    let Some(process) = part.process else { return Ok(()) };
    let signal = match part.spec.ending {
        Ending::Asked => Signal::TERM,
        Ending::Killed => Signal::KILL,
    };
    process.end(signal, PATIENCE).with_context(|| format!("ending {}", part.spec.name))
}

fn take_down(layout: &Layout, progress: &Progress) -> anyhow::Result<()> {
    let Some(_lock) = Lock::of_existing(layout.root())? else { return Ok(()) };
    let Some(state) = State::read(layout)? else { return Ok(()) };
    end_all(&state)?;
    machines::down::remove(layout, &state)?;
    remove(layout.root()).with_context(|| format!("removing {}", layout.root().display()))?;
    progress.say(&format!("down: {} parts ended, {} removed", state.parts.len(), layout.root().display()));
    Ok(())
}

/// Removes a folder into which others may still be writing, a git of the tests for example: tries until they are done.
fn remove(folder: &Path) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && Instant::now() < deadline => {}
            outcome => return outcome,
        }
    }
}

fn end_all(state: &State) -> anyhow::Result<()> {
    // Controllers end quickly only as long as they reach the API: it goes after them.
    for ending in [Ending::Asked, Ending::Killed] {
        end_together(state.parts.values().filter(|part| part.spec.ending == ending))?;
    }
    // What a part started itself, and what was started but never recorded.
    for process in marked(MARK, &state.id) {
        process
            .end(Signal::KILL, Duration::ZERO)
            .with_context(|| format!("ending process {}", process.pid))?;
    }
    Ok(())
}

fn end_together<'a>(parts: impl Iterator<Item = &'a Part>) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let ends: Vec<_> = parts.map(|part| scope.spawn(|| end(part))).collect();
        ends.into_iter().try_for_each(|end| end.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
    })
}

/// Takes down every lab under `root` whose owner is gone.
pub(crate) fn clear_orphans(root: &Path) -> anyhow::Result<()> {
    // Without the folder there are none.
    let Ok(entries) = fs::read_dir(root) else { return Ok(()) };
    for entry in entries.flatten() {
        let layout = Layout::new(entry.path());
        // One that cannot be read is nobody's business here.
        let orphan = State::read(&layout)
            .ok()
            .flatten()
            .and_then(|state| state.owner)
            .is_some_and(|owner| owner.condition() == Condition::Dead);
        if orphan {
            take_down(&layout, &Progress::silent())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_though_somebody_still_writes_into_it() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("lab");
        fs::create_dir(&folder).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                (0..5000).take_while(|n| fs::write(folder.join(n.to_string()), "").is_ok()).count()
            });
            while fs::read_dir(&folder).unwrap().next().is_none() {}
            remove(&folder).unwrap();
            writer.join().unwrap();
        });
        assert!(!folder.exists());
    }
}
