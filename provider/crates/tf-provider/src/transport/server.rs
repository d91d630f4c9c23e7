//! The gRPC server: the provider's service and go-plugin's, behind one listener.

use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tonic::transport::Server;

use crate::proto::health::health_server::HealthServer;
use crate::proto::plugin::grpc_broker_server::GrpcBrokerServer;
use crate::proto::plugin::grpc_controller_server::GrpcControllerServer;
use crate::proto::plugin::grpc_stdio_server::GrpcStdioServer;
use crate::proto::tfplugin6::provider_server::{Provider, ProviderServer};
use crate::transport::answers::CountAnswersLayer;
use crate::transport::controller::{Controller, OnShutdown};
use crate::transport::health::AlwaysServing;
use crate::transport::incoming::incoming;
use crate::transport::lifecycle::Lifecycle;
use crate::transport::listener::Listener;
use crate::transport::streams::{Broker, Stdio};

/// The largest message either way, in bytes.
///
/// The limit of the Go framework. tonic's own, 4 MiB, would lock a large state in: it could be stored
/// but never again refreshed or destroyed.
const LARGEST_MESSAGE: usize = 256 * 1024 * 1024;

/// Flow control windows, in bytes. Plans carry a large attribute up to three times in one request.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// How long connections may take to close once nothing is under way. Terraform kills after 2 s.
const CLOSING: Duration = Duration::from_secs(1);

/// Answers calls until `lifecycle` ends, then closes the connections.
///
/// The listener, and what it made in the file system, is gone when this returns.
pub(crate) async fn answer_calls<P: Provider>(
    provider: P,
    listener: Listener,
    tls: Option<TlsAcceptor>,
    lifecycle: Lifecycle,
    on_shutdown: OnShutdown,
) -> Result<(), tonic::transport::Error> {
    let ending = lifecycle.ending.clone();
    let provider = ProviderServer::new(provider)
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    let (callers, accepting) = incoming(listener, tls, &lifecycle);
    let serving = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .layer(CountAnswersLayer { in_flight: lifecycle.in_flight.clone() })
        .add_service(provider)
        .add_service(GrpcStdioServer::new(Stdio { ending: ending.clone() }))
        .add_service(GrpcBrokerServer::new(Broker { ending: ending.clone() }))
        .add_service(HealthServer::new(AlwaysServing { ending: ending.clone() }))
        .add_service(GrpcControllerServer::new(Controller { lifecycle, on_shutdown }))
        .serve_with_incoming_shutdown(callers, ending.clone().cancelled_owned());
    let closing = async {
        ending.cancelled().await;
        // A caller that does not hang up must not keep the process.
        tokio::time::timeout(CLOSING, std::future::pending::<()>()).await
    };
    let served = tokio::select! {
        served = serving => served,
        _ = closing => Ok(()),
    };
    ending.cancel();
    // Its end removes the socket. A panic in it has been logged.
    drop(accepting.await);
    served
}
