//! Notices that whoever started this process is gone.
//!
//! A killed Terraform sends no Shutdown. A provider that stayed would hold credentials for nobody.

use std::time::Duration;

/// How often the parent is looked up where its end cannot be waited for.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Whoever started this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent {
    /// None if there is no parent in sight (another process namespace): nothing to watch.
    #[cfg(unix)]
    process: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Parent {
    /// The parent at this moment. Asked as the first thing in a process's life: if Terraform is killed before, the
    /// process has another parent already, which may never end.
    pub(crate) fn now() -> Self {
        Self { process: rustix::process::getppid() }
    }

    /// Returns when it has ended, before or during the call.
    pub(crate) async fn gone(self) {
        let Some(parent) = self.process else { return std::future::pending().await };
        if let Err(cause) = ended(parent).await {
            tracing::debug!(%cause, "waiting for the parent's end is not possible here; looking at it instead");
            let mut looks = tokio::time::interval(LOOK_EVERY);
            while rustix::process::getppid() == Some(parent) {
                looks.tick().await;
            }
        }
    }
}

#[cfg(not(unix))]
impl Parent {
    /// The parent at this moment.
    pub(crate) fn now() -> Self {
        Self {}
    }

    /// Never returns: nothing is known of the parent here.
    pub(crate) async fn gone(self) {
        std::future::pending().await
    }
}

/// Waits in a thread of its own, which the process's end takes along.
#[cfg(target_os = "linux")]
async fn ended(process: rustix::process::Pid) -> std::io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{PidfdFlags, getppid, pidfd_open};

    // Becomes readable when the process ends (Linux 5.3).
    let watched = pidfd_open(process, PidfdFlags::empty())?;
    if getppid() != Some(process) {
        // It ended before the watch began, and its number may be another's by now.
        return Ok(());
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("parent".to_owned()).spawn(move || {
        let waited = loop {
            match poll(&mut [PollFd::new(&watched, PollFlags::IN)], None) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other,
            }
        };
        // Nobody listens any more when the server has ended first.
        let _unheard = tell.send(waited);
    })?;
    told.await.map_err(std::io::Error::other)??;
    Ok(())
}

#[cfg(all(unix, not(target_os = "linux")))]
async fn ended(_process: rustix::process::Pid) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_parent_that_ended_before_anybody_watched_is_gone() {
        // Not the parent of this process: as if the parent had ended and its number were another's by now.
        let other = Parent { process: Some(rustix::process::Pid::INIT) };
        tokio::time::timeout(Duration::from_secs(20), other.gone()).await.unwrap();
        let own = tokio::time::timeout(Duration::from_millis(100), Parent::now().gone());
        own.await.unwrap_err();
    }
}
