//! A plain HTTP server.

use std::convert::Infallible;
use std::net::SocketAddrV4;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// An answer.
pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, std::io::Error>>;

/// How much of a file is in memory at a time.
const CHUNK: usize = 256 * 1024;

/// Serves at `address` until the process ends. An error of `handle` is logged and answered with 500.
#[expect(clippy::print_stderr, reason = "stderr of a part is its log")]
pub(crate) async fn serve<F>(
    address: SocketAddrV4,
    handle: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<Answer>> + Send + 'static,
{
    let doing = || format!("listening on {address}");
    let listener = TcpListener::bind(address).await.with_context(doing)?;
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

/// Gives a body that is held in memory as a whole.
pub(crate) fn whole(content: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, std::io::Error> {
    Full::new(content.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Gives a body that is read from a file as it is sent.
pub(crate) fn streamed(file: tokio::fs::File) -> UnsyncBoxBody<Bytes, std::io::Error> {
    let chunks = futures::stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK];
        let length = file.read(&mut chunk).await?;
        chunk.truncate(length);
        Ok((length > 0).then(|| (Frame::data(Bytes::from(chunk)), file)))
    });
    StreamBody::new(chunks).boxed_unsync()
}

/// Gives an answer with a line of text.
pub(crate) fn plain(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(whole(format!("{text}\n")));
    *answer.status_mut() = status;
    answer
}
