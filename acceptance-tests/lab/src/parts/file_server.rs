//! The chart server: the files of a folder.

use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::Full;

use crate::parts::http_server::{self, Answer, plain};

/// Serves the files under `root` until the process ends.
pub(crate) async fn run(listen: u16, root: PathBuf) -> anyhow::Result<()> {
    http_server::serve(listen, move |request| {
        let root = root.clone();
        async move { file(&root, request.method(), request.uri().path()) }
    })
    .await
}

fn file(root: &Path, method: &Method, path: &str) -> anyhow::Result<Answer> {
    if method != Method::GET && method != Method::HEAD {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD"));
    }
    let relative = Path::new(path.trim_start_matches('/'));
    if !relative.components().all(|component| matches!(component, Component::Normal(_))) {
        return Ok(plain(StatusCode::NOT_FOUND, "no such file"));
    }
    let file = root.join(relative);
    if !file.is_file() {
        return Ok(plain(StatusCode::NOT_FOUND, "no such file"));
    }
    let content = std::fs::read(&file).with_context(|| format!("reading {path}"))?;
    Ok(Response::new(Full::new(Bytes::from(content))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_given_and_nothing_outside_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("root")).unwrap();
        std::fs::write(dir.path().join("root/index.yaml"), "x").unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        let status = |path: &str| file(&dir.path().join("root"), &Method::GET, path).unwrap().status();
        assert_eq!(status("/index.yaml"), StatusCode::OK);
        assert_eq!(status("/../secret"), StatusCode::NOT_FOUND);
        assert_eq!(status("/none"), StatusCode::NOT_FOUND);
    }
}
