//! Which signals end the process, and which it must survive.

use std::io;

/// What a Ctrl-C means, or a terminal that closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// A terminal sends it to Terraform and its providers alike. Terraform tells us itself what to do, and its end is
    /// noticed; ending here would lose the object being made.
    Ignore,
    /// A person started this process and wants it to end.
    End,
}

/// Signals, taken from the moment this exists.
#[derive(Debug)]
pub(crate) struct Signals {
    on_interrupt: Interrupt,
    #[cfg(unix)]
    interrupts: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangups: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminations: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen(on_interrupt: Interrupt) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupts = signal(SignalKind::interrupt())?;
        let hangups = signal(SignalKind::hangup())?;
        let terminations = signal(SignalKind::terminate())?;
        Ok(Self { on_interrupt, interrupts, hangups, terminations })
    }

    /// Returns at the next signal that asks this process to end.
    pub(crate) async fn end_asked(&mut self) {
        loop {
            let signal = tokio::select! {
                _ = self.terminations.recv() => return,
                _ = self.interrupts.recv() => "interrupt",
                _ = self.hangups.recv() => "hangup",
            };
            match self.on_interrupt {
                Interrupt::End => return,
                Interrupt::Ignore => tracing::debug!(signal, "ignored: Terraform says when to stop"),
            }
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "as on unix")]
    pub(crate) fn listen(on_interrupt: Interrupt) -> io::Result<Self> {
        Ok(Self { on_interrupt })
    }

    /// Returns at the next signal that asks this process to end.
    pub(crate) async fn end_asked(&mut self) {
        loop {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            if self.on_interrupt == Interrupt::End {
                return;
            }
        }
    }
}
