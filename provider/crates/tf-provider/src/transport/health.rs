//! The health service, for go-plugin's ping. Terraform never asks.

use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::proto::health::health_check_response::ServingStatus;
use crate::proto::health::health_server::Health;
use crate::proto::health::{HealthCheckRequest, HealthCheckResponse};
use crate::transport::streams::silence;

/// Says that `plugin`, and the server as a whole, serve as long as they answer at all.
#[derive(Debug)]
pub(crate) struct AlwaysServing {
    pub(crate) ending: CancellationToken,
}

fn serving() -> HealthCheckResponse {
    HealthCheckResponse { status: ServingStatus::Serving.into() }
}

fn known(request: &Request<HealthCheckRequest>) -> bool {
    matches!(request.get_ref().service.as_str(), "" | "plugin")
}

#[tonic::async_trait]
impl Health for AlwaysServing {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if known(&request) { Ok(Response::new(serving())) } else { Err(Status::not_found("unknown service")) }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        let status = if known(&request) { ServingStatus::Serving } else { ServingStatus::ServiceUnknown };
        let ending = self.ending.clone();
        let first = stream::iter([Ok(HealthCheckResponse { status: status.into() })]);
        Ok(Response::new(Box::pin(first.chain(silence(ending)))))
    }
}
