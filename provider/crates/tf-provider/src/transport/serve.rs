//! The whole life of the provider's process.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::proto::tfplugin6::provider_server::Provider;
use crate::stop::Stops;
use crate::transport::controller::OnShutdown;
use crate::transport::environment::Environment;
use crate::transport::handshake::{self, HandshakeError};
use crate::transport::in_flight::InFlight;
use crate::transport::lifecycle::Lifecycle;
use crate::transport::listener::{ListenError, Listener};
use crate::transport::parent::Parent;
use crate::transport::reattach::{Attachable, export_line};
use crate::transport::server::answer_calls;
use crate::transport::signals::{Interrupt, Signals};
use crate::transport::tls::{Identity, TlsError};

/// Who started the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Terraform, with a handshake, mutual TLS and an end of its choosing.
    Plugin,
    /// A person (`-debug`): no handshake, no TLS, a line to export, and an end by Ctrl-C.
    Reattach {
        /// The provider's source address, such as `registry.terraform.io/kurator-dev/kurator`.
        address: String,
    },
}

/// What the provider's handlers share with the transport: give clones of it to the provider.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// Watched by handlers; the provider's `StopProvider` calls [`Stops::stop`].
    pub stops: Stops,
    /// Runs handlers that change the world.
    pub in_flight: InFlight,
}

/// The provider cannot serve. The text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The caller is not Terraform, or too old.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// No address to listen on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// No mutual TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No signals to be had.
    #[error("listening for signals")]
    Signals(#[source] io::Error),
    /// Nobody reads what we say.
    #[error("telling the caller where to connect")]
    Announce(#[source] io::Error),
    /// No threads to run on.
    #[error("starting the runtime")]
    Runtime(#[source] io::Error),
    /// The gRPC server gave up.
    #[error("answering calls")]
    Server(#[source] tonic::transport::Error),
    /// The gRPC server has a bug.
    #[error("the server panicked")]
    ServerPanicked,
}

/// Runs a provider from process start to exit code: all of `main` but the flags and the logs.
///
/// `make` is called within the runtime, with the hooks that the provider must use. Errors go to stderr.
pub fn run<P, F>(mode: Mode, make: F) -> ExitCode
where
    P: Provider,
    F: FnOnce(Hooks) -> P,
{
    let parent = Parent::now();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return report(&ServeError::Runtime(cause)),
    };
    let served = runtime.block_on(async {
        let hooks = Hooks::default();
        serve(make(hooks.clone()), mode, hooks, parent).await
    });
    // Terraform gives us 2 s; a blocking call that hangs must not use them up.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Serves `provider` until whoever started the process is done with it, and then ends in order.
///
/// Side effects: writes one line to stdout, takes over SIGINT, SIGHUP and SIGTERM, makes a socket and removes it.
async fn serve<P: Provider>(provider: P, mode: Mode, hooks: Hooks, parent: Parent) -> Result<(), ServeError> {
    match mode {
        Mode::Plugin => serve_terraform(provider, &Environment::read(), hooks, parent).await,
        Mode::Reattach { address } => serve_anyone(provider, &address, hooks).await,
    }
}

async fn serve_terraform<P: Provider>(
    provider: P,
    environment: &Environment,
    hooks: Hooks,
    parent: Parent,
) -> Result<(), ServeError> {
    handshake::check(environment)?;
    let mut signals = Signals::listen(Interrupt::Ignore).map_err(ServeError::Signals)?;
    let identity = environment.client_cert.as_deref().map(Identity::new).transpose()?;
    let listener = Listener::open(environment)?;
    let certificate = identity.as_ref().map(|identity| identity.certificate.as_ref());
    let line = handshake::line(listener.network(), &listener.address(), certificate, environment);

    let lifecycle = Lifecycle::new(hooks.stops, hooks.in_flight);
    let acceptor = identity.map(|identity| identity.acceptor);
    let answering = answer_calls(provider, listener, acceptor, lifecycle.clone(), OnShutdown::End);
    let mut answering = std::pin::pin!(answering);
    say(&line).map_err(ServeError::Announce)?;

    let interrupted = async {
        tokio::select! {
            () = signals.end_asked() => tracing::warn!("asked to end by a signal"),
            () = parent.gone() => tracing::warn!("the process that started this one is gone"),
        }
        lifecycle.wind_down().await;
        lifecycle.ending.cancel();
    };
    tokio::select! {
        served = &mut answering => return served.map_err(ServeError::Server),
        () = interrupted => {}
    }
    answering.await.map_err(ServeError::Server)
}

async fn serve_anyone<P: Provider>(provider: P, address: &str, hooks: Hooks) -> Result<(), ServeError> {
    let mut signals = Signals::listen(Interrupt::End).map_err(ServeError::Signals)?;
    let attachable = Attachable::start(provider, address, hooks).await?;
    let told = format!(
        "Waiting for Terraform. In the shell that runs it:\n\n  {}\n\nCtrl-C ends this process.\n",
        export_line(attachable.variable())
    );
    say(&told).map_err(ServeError::Announce)?;
    signals.end_asked().await;
    tokio::select! {
        () = attachable.wind_down() => {}
        // The second Ctrl-C waits for nobody.
        () = signals.end_asked() => {}
    }
    attachable.close().await
}

/// Writes to stdout, which belongs to the handshake: nothing else in this process does.
fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Tells the person at the terminal, cause by cause.
fn report(error: &ServeError) -> ExitCode {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    // Nothing is left to be done if nobody reads it.
    drop(writeln!(io::stderr(), "{text}"));
    ExitCode::FAILURE
}
