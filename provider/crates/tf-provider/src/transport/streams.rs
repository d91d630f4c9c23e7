//! Two streams of go-plugin that Terraform opens and a provider never uses.

use futures::StreamExt as _;
use futures::stream;
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::plugin::grpc_broker_server::GrpcBroker;
use crate::proto::plugin::grpc_stdio_server::GrpcStdio;
use crate::proto::plugin::{ConnInfo, StdioData};

/// Carries nothing: what we have to say goes to the real stderr, where Terraform reads logs.
#[derive(Debug)]
pub(crate) struct Stdio {
    pub(crate) ending: CancellationToken,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(silence(self.ending.clone())))
    }
}

/// Accepts the stream for further connections and offers none.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) ending: CancellationToken,
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let mut offers = request.into_inner();
        let ending = self.ending.clone();
        // Read on, so that the caller's half never fills up.
        tokio::spawn(
            ending.run_until_cancelled_owned(async move { while let Some(Ok(_)) = offers.next().await {} }),
        );
        Ok(Response::new(silence(self.ending.clone())))
    }
}

/// A stream without items that ends with the server; the server could not end before it.
pub(crate) fn silence<T: Send + 'static>(ending: CancellationToken) -> BoxStream<T> {
    let ended = async move {
        ending.cancelled_owned().await;
        None
    };
    Box::pin(stream::once(ended).filter_map(|item: Option<Result<T, Status>>| async { item }))
}
