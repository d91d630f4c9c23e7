//! Plain HTTP to a server of the lab.

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends one request on a connection of its own and gives the whole answer.
///
/// # Errors
///
/// Nobody listens, or the connection breaks. An answer of whatever status is no error.
pub(crate) async fn send(
    server: SocketAddrV4,
    mut request: Request<Full<Bytes>>,
) -> anyhow::Result<Response<Bytes>> {
    let doing = format!("{} http://{server}{}", request.method(), request.uri());
    let stream = TcpStream::connect(server).await.with_context(|| doing.clone())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.with_context(|| doing.clone())?;
    let driver = tokio::spawn(connection);
    request
        .headers_mut()
        .insert(http::header::HOST, server.to_string().parse().with_context(|| doing.clone())?);
    let (head, body) = sender.send_request(request).await.with_context(|| doing.clone())?.into_parts();
    let body = body.collect().await.with_context(|| doing.clone())?.to_bytes();
    drop(sender);
    driver.abort();
    Ok(Response::from_parts(head, body))
}

/// GETs a path.
pub(crate) async fn get(server: SocketAddrV4, path: &str) -> anyhow::Result<Response<Bytes>> {
    send(server, Request::get(path).body(Full::default()).with_context(|| format!("asking for {path}"))?)
        .await
}

/// The server on this port of 127.0.0.1.
pub(crate) fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}
