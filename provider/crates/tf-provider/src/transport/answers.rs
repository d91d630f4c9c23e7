//! Counts each provider call as under way until its answer has been handed to the connection,
//! and answers for handlers that panicked.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::Status;
use tower::{Layer, Service};

use crate::transport::in_flight::{HandlerPanic, InFlight};

/// Calls under this path are counted. The streams of go-plugin never end, and Shutdown waits for the count.
const COUNTED: &str = "/tfplugin6.Provider/";

/// The largest piece of an answer given to the connection at once.
///
/// The connection asks for the next piece only when it may send it, so a counted answer is done
/// when its last piece may go out and not when it was first queued.
const PIECE: usize = 16 * 1024;

/// Puts [`CountAnswers`] around a server.
#[derive(Clone, Debug)]
pub(crate) struct CountAnswersLayer {
    pub(crate) in_flight: InFlight,
}

impl<S> Layer<S> for CountAnswersLayer {
    type Service = CountAnswers<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CountAnswers { inner, in_flight: self.in_flight.clone() }
    }
}

/// A server whose provider calls are counted.
#[derive(Clone, Debug)]
pub(crate) struct CountAnswers<S> {
    inner: S,
    in_flight: InFlight,
}

impl<S, B, C> Service<Request<B>> for CountAnswers<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    C: 'static,
{
    type Response = Response<CountedBody<C>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let counted = request.uri().path().starts_with(COUNTED).then(|| self.in_flight.count());
        let answering = self.inner.call(request);
        Box::pin(async move {
            // The last net: without it the caller would hear of a reset stream, without a reason.
            match AssertUnwindSafe(answering).catch_unwind().await {
                Ok(answer) => Ok(answer?.map(|inner| CountedBody {
                    inner: Some(Box::pin(inner)),
                    counted,
                    rest: Bytes::new(),
                })),
                Err(payload) => {
                    let answer =
                        Status::internal(HandlerPanic::telling(&*payload).to_string()).into_http::<()>();
                    Ok(answer.map(|()| CountedBody { inner: None, counted, rest: Bytes::new() }))
                }
            }
        })
    }
}

/// The body of an answer, counted until it is dropped: sent to its end, or reset by the caller.
#[derive(Debug)]
pub(crate) struct CountedBody<C> {
    /// Absent in the answer for a handler that panicked, which is all header.
    inner: Option<Pin<Box<C>>>,
    rest: Bytes,
    #[expect(dead_code, reason = "counts by being held")]
    counted: Option<TaskTrackerToken>,
}

impl<C: Body<Data = Bytes>> Body for CountedBody<C> {
    type Data = Bytes;
    type Error = C::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, C::Error>>> {
        if self.rest.is_empty() {
            let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
            match inner.as_mut().poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return other,
            }
        }
        let piece = PIECE.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
