//! From blocking code to async code and back.

use std::future::Future;

use anyhow::Context as _;

/// Runs `work` to its end on a thread of its own, so that it may be called from anywhere, async code too.
pub(crate) fn block_on<T: Send>(work: impl Future<Output = anyhow::Result<T>> + Send) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .context("starting the runtime")?
                .block_on(work)
        });
        worker.join().map_err(|_| anyhow::anyhow!("the worker thread panicked"))?
    })
}
