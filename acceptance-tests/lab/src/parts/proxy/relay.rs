//! One connection of a client, with one to the API server behind it.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;

use super::socket::{Broken, Socket};
use super::upstream::{Agreed, Sender, Upstream, WINDOW};
use super::{PROVIDER, Proxy, delay};
use crate::parts::control::Mode;
use crate::requests::{Fate, Way};

/// An answer: the API server's, or one of our own.
type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// Hands one connection on until it ends or breaks.
pub(super) async fn relay(
    client: TcpStream,
    proxy: &Arc<Proxy>,
    upstream: &Arc<Upstream>,
    broken: &Broken,
) -> anyhow::Result<()> {
    client.set_nodelay(true)?;
    let client = Socket::new(client, broken.clone());
    // First the API server: where nobody listens, the client's connection ends as if it were that one.
    let server = match upstream.connect().await {
        Ok(server) => server,
        Err(cause) => {
            broken.set();
            return Err(cause).context("connecting to the API server");
        }
    };
    // Then what the client can speak, then TLS with the API server, then with the client: one that hangs keeps the
    // client waiting in the handshake, as it does without a proxy.
    let hello = LazyConfigAcceptor::new(Acceptor::default(), client).await?;
    let protocols = hello.client_hello().alpn().into_iter().flatten().map(<[u8]>::to_vec).collect();
    let Agreed { protocol, sender, driver } = upstream.agree(server, protocols).await?;
    let stream = hello.into_stream(proxy.certificate.speaking(protocol)).await?;

    let handler = Arc::new(Handler {
        proxy: Arc::clone(proxy),
        upstream: Arc::clone(upstream),
        sender,
        broken: broken.clone(),
    });
    let service = service_fn(move |request| {
        let handler = Arc::clone(&handler);
        async move { handler.answer(request).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().initial_stream_window_size(WINDOW).initial_connection_window_size(4 * WINDOW);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    let (mut driver, mut is_driven) = (driver, true);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            outcome = &mut serving => return outcome.map_err(|cause| anyhow!(cause)),
            outcome = &mut driver, if is_driven => {
                is_driven = false;
                outcome.inspect_err(|_| broken.set()).context("the connection to the API server")?;
                // What was answered is still handed on.
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Answers the requests of one connection.
struct Handler {
    proxy: Arc<Proxy>,
    upstream: Arc<Upstream>,
    sender: Sender,
    broken: Broken,
}

impl Handler {
    /// Answers a request. An error breaks what it came on: a connection of HTTP/1.1, a stream of HTTP/2.
    async fn answer(&self, request: Request<Incoming>) -> anyhow::Result<Answer> {
        let version = request.version();
        let answer = self.recorded(request).await;
        if answer.is_err() && version != Version::HTTP_2 {
            self.broken.set();
        }
        answer
    }

    /// Answers a request, and takes note of it and cuts it if it is the provider's.
    async fn recorded(&self, request: Request<Incoming>) -> anyhow::Result<Answer> {
        let agent = request.headers().get(USER_AGENT);
        if !agent.is_some_and(|agent| agent.as_bytes().starts_with(PROVIDER.as_bytes())) {
            return self.by_mode(request).await;
        }
        let verdict = self.proxy.record(|recorder| recorder.begin(request.method(), request.uri()));
        let end = |fate| self.proxy.record(|recorder| recorder.end(&verdict, fate));
        if let Some((Way::Before, _)) = verdict.cut {
            end(Fate::NeverArrived);
            bail!("cut before it arrived");
        }
        let answer = self.by_mode(request).await;
        match (&answer, &verdict.cut) {
            (Err(_), _) => end(Fate::Broken),
            (Ok(answer), None) => end(Fate::Answered(answer.status().as_u16())),
            (Ok(answer), Some((way, scope))) => {
                end(Fate::Unheard(answer.status().as_u16()));
                if matches!(way, Way::Hold | Way::Pause) {
                    self.proxy.recorded(|recorder| (!recorder.cuts(scope)).then_some(())).await;
                }
                if *way != Way::Pause {
                    bail!("cut after it was carried out");
                }
                end(Fate::Answered(answer.status().as_u16()));
            }
        }
        answer
    }

    /// Does what the mode says.
    async fn by_mode(&self, mut request: Request<Incoming>) -> anyhow::Result<Answer> {
        let mode = self.proxy.course.borrow().mode.clone();
        match mode {
            Mode::Unauthorized => {
                return Ok(refusal(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized"));
            }
            Mode::Forbidden => {
                let (method, path) = (request.method(), request.uri().path());
                let message = format!("forbidden: nobody may {method} {path} here");
                return Ok(refusal(StatusCode::FORBIDDEN, "Forbidden", &message));
            }
            Mode::Refuse => bail!("no connection is accepted"),
            Mode::Slow { delay_ms } => delay(delay_ms).await,
            Mode::Swap { .. } => {
                let headers = request.headers_mut();
                if headers.get(AUTHORIZATION) == Some(&self.proxy.home.administrator) {
                    headers.insert(AUTHORIZATION, self.upstream.administrator.clone());
                }
            }
            Mode::Pass => {}
        }
        let answer = self.sender.send(request).await.context("asking the API server")?;
        Ok(answer.map(Either::Left))
    }
}

/// An answer in the words of an API server.
fn refusal(code: StatusCode, reason: &str, message: &str) -> Answer {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16()});
    let mut answer = Response::new(Either::Right(Full::from(status.to_string())));
    *answer.status_mut() = code;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
