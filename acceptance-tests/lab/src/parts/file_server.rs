//! The chart server, and the machines' mirror: the files of a folder.

use std::net::SocketAddrV4;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use http::header::CONTENT_LENGTH;
use http::{Method, Response, StatusCode};

use crate::parts::http_server::{self, Answer, plain, streamed, whole};

/// Serves the files under `root` until the process ends.
pub(crate) async fn run(address: SocketAddrV4, root: PathBuf) -> anyhow::Result<()> {
    http_server::serve(address, move |request| {
        let root = root.clone();
        async move { file(&root, request.method(), request.uri().path()).await }
    })
    .await
}

async fn file(root: &Path, method: &Method, path: &str) -> anyhow::Result<Answer> {
    if method != Method::GET && method != Method::HEAD {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD"));
    }
    let relative = Path::new(path.trim_start_matches('/'));
    if !relative.components().all(|component| matches!(component, Component::Normal(_))) {
        return Ok(plain(StatusCode::NOT_FOUND, "no such file"));
    }
    let found = root.join(relative);
    if !found.is_file() {
        return Ok(plain(StatusCode::NOT_FOUND, "no such file"));
    }
    let doing = || format!("reading {path}");
    let content = tokio::fs::File::open(&found).await.with_context(doing)?;
    let length = content.metadata().await.with_context(doing)?.len();
    let body = if method == Method::HEAD { whole("") } else { streamed(content) };
    Response::builder().header(CONTENT_LENGTH, length).body(body).with_context(doing)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_file_is_given_and_nothing_outside_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("root")).unwrap();
        std::fs::write(dir.path().join("root/index.yaml"), "x").unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        let root = dir.path().join("root");
        let get = async |path: &str| file(&root, &Method::GET, path).await.unwrap();
        let found = get("/index.yaml").await;
        assert_eq!(
            (found.status(), &found.headers()[CONTENT_LENGTH]),
            (StatusCode::OK, &"1".parse().unwrap())
        );
        assert_eq!(found.into_body().collect().await.unwrap().to_bytes(), "x");
        assert_eq!(get("/../secret").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/none").await.status(), StatusCode::NOT_FOUND);
    }
}
