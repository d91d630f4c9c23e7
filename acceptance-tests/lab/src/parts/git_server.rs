//! The git server: smart HTTP over git's own CGI program. Everybody may push.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::git::NO_USER_CONFIG;
use crate::http_client;
use crate::parts::http_server::{self, Answer, whole};

/// Serves the bare repositories under `root` until the process ends.
pub(crate) async fn run(listen: u16, root: PathBuf) -> anyhow::Result<()> {
    http_server::serve(http_client::local(listen), move |request| {
        let root = root.clone();
        async move { backend(&root, request).await }
    })
    .await
}

/// Runs `git http-backend` for one request.
async fn backend(root: &Path, request: Request<Incoming>) -> anyhow::Result<Answer> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.context("reading the request")?.to_bytes();
    let given = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut child = Command::new("git")
        .arg("http-backend")
        .envs(NO_USER_CONFIG.iter().copied())
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", head.uri.path())
        .env("QUERY_STRING", head.uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", head.method.as_str())
        .env("CONTENT_TYPE", given(header::CONTENT_TYPE.as_str()))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", given(header::CONTENT_ENCODING.as_str()))
        .env("GIT_PROTOCOL", given("git-protocol"))
        .env("REMOTE_USER", "lab")
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("running git http-backend")?;
    let mut stdin = child.stdin.take().context("running git http-backend: no stdin")?;
    let feed = tokio::spawn(async move {
        // It may answer and end without reading all of it.
        let _ = stdin.write_all(&body).await;
    });
    let output = child.wait_with_output().await.context("running git http-backend")?;
    feed.await.context("feeding git http-backend")?;
    parse(&Bytes::from(output.stdout))
}

/// Takes the answer of a CGI program apart.
fn parse(output: &Bytes) -> anyhow::Result<Answer> {
    let Some(end) = output.windows(4).position(|window| window == b"\r\n\r\n") else {
        bail!("reading the answer of git http-backend: no end of the headers");
    };
    let mut answer = Response::new(whole(output.slice(end + 4..)));
    for line in
        std::str::from_utf8(&output[..end]).context("reading the headers of git http-backend")?.lines()
    {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name == "Status" {
            let code = value.split(' ').next().unwrap_or(value);
            *answer.status_mut() = code.parse().with_context(|| format!("reading status {value}"))?;
        } else {
            let name = header::HeaderName::from_bytes(name.as_bytes()).context("reading a header's name")?;
            answer.headers_mut().append(name, value.parse().context("reading a header's value")?);
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgi_status_becomes_the_status_of_the_answer() {
        let answer = parse(&Bytes::from("Status: 404 Not Found\r\nX-A: b\r\n\r\nbody")).unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["x-a"], "b");
    }
}
