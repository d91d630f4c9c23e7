//! go-plugin's Shutdown: held until every answer is out.

use tonic::{Request, Response, Status};

use crate::proto::plugin::Empty;
use crate::proto::plugin::grpc_controller_server::GrpcController;
use crate::transport::lifecycle::Lifecycle;

/// What Shutdown means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnShutdown {
    /// The process ends: its caller started it.
    End,
    /// Nothing: a person started the process, and other runs use it too.
    Stay,
}

/// Ends the process in an orderly way when its caller asks.
///
/// Terraform sets no deadline on the call, and starts its 2 s until SIGKILL only when it is answered. So
/// the answer waits until handlers, told to stop, have answered: what they made still reaches the state,
/// even after a second Ctrl-C.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) on_shutdown: OnShutdown,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        if self.on_shutdown == OnShutdown::End {
            let lifecycle = self.lifecycle.clone();
            // In a task, so that a caller who hangs up cannot stop the end half way.
            let ended = tokio::spawn(async move {
                lifecycle.wind_down().await;
                lifecycle.ending.cancel();
            });
            if ended.await.is_err() {
                self.lifecycle.ending.cancel();
            }
        }
        Ok(Response::new(Empty {}))
    }
}
