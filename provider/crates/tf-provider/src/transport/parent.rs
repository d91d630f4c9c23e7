//! Notices that whoever started this process is gone.
//!
//! A killed Terraform sends no Shutdown. A provider that stayed would hold credentials for nobody.

use std::time::Duration;

/// How often the parent is looked up where its end cannot be waited for.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Returns when the process that is the parent at the first poll has ended.
#[cfg(unix)]
pub(crate) async fn gone() {
    // No parent in sight (another process namespace): nothing to watch.
    let Some(parent) = rustix::process::getppid() else { return std::future::pending().await };
    if let Err(cause) = ended(parent).await {
        tracing::debug!(%cause, "waiting for the parent's end is not possible here; looking at it instead");
        let mut looks = tokio::time::interval(LOOK_EVERY);
        while rustix::process::getppid() == Some(parent) {
            looks.tick().await;
        }
    }
}

/// Returns when the process that is the parent at the first poll has ended.
#[cfg(not(unix))]
pub(crate) async fn gone() {
    std::future::pending().await
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
