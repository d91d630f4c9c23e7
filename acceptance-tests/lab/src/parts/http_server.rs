//! A plain HTTP server on loopback.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// An answer, held in memory as a whole.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Serves on a port of 127.0.0.1 until the process ends. An error of `handle` is logged and answered with 500.
#[expect(clippy::print_stderr, reason = "stderr of a part is its log")]
pub(crate) async fn serve<F>(
    port: u16,
    handle: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<Answer>> + Send + 'static,
{
    let doing = || format!("listening on port {port}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(doing)?;
    loop {
        let (stream, _) = listener.accept().await.with_context(doing)?;
        let handle = handle.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = handle(request);
                async move {
                    Ok::<_, Infallible>(answer.await.unwrap_or_else(|error| {
                        eprintln!("{error:#}");
                        plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}"))
                    }))
                }
            });
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

/// Gives an answer with a line of text.
pub(crate) fn plain(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(Full::from(format!("{text}\n")));
    *answer.status_mut() = status;
    answer
}
