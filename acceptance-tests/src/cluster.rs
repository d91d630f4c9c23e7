//! A cluster of the lab, asked over its API.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use http::{Method, Request};
use kube::Client;
use lab::lab::Lab;
use serde_json::Value;
use tokio::runtime::Runtime;

/// A cluster and a client for it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    /// Its name in the lab.
    pub name: String,
    client: Client,
    runtime: Arc<Runtime>,
}

impl Cluster {
    /// Connects to a cluster of the lab.
    ///
    /// # Errors
    ///
    /// There is no such cluster.
    pub fn of(lab: &Lab, name: &str, runtime: &Arc<Runtime>) -> anyhow::Result<Self> {
        let kubeconfig = lab.kubeconfig(Some(name))?;
        let client = runtime.block_on(lab::cluster::client(&kubeconfig))?;
        Ok(Self { name: name.to_owned(), client, runtime: Arc::clone(runtime) })
    }

    /// What is at a path of the API; none for 404.
    ///
    /// # Errors
    ///
    /// The cluster does not answer, or with something else.
    pub fn find(&self, path: &str) -> anyhow::Result<Option<Value>> {
        self.ask(&Method::GET, path, None)
    }

    /// What is at a path of the API.
    ///
    /// # Errors
    ///
    /// As [`Self::find`], and if there is nothing.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.find(path)?.with_context(|| format!("there is no {path} on {}", self.name))
    }

    /// The objects of a collection; none at all if the API does not serve it.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let found = self.find(path)?.unwrap_or_default();
        Ok(found["items"].as_array().cloned().unwrap_or_default())
    }

    /// Deletes what is at a path; that it is not there is fine.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.ask(&Method::DELETE, path, None).map(drop)
    }

    /// Merges `change` into what is at a path.
    ///
    /// # Errors
    ///
    /// As [`Self::get`].
    pub fn patch(&self, path: &str, change: &Value) -> anyhow::Result<()> {
        match self.ask(&Method::PATCH, path, Some(change))? {
            Some(_) => Ok(()),
            None => bail!("there is no {path} on {}", self.name),
        }
    }

    /// The UID of what is at a path; none if there is nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn uid(&self, path: &str) -> anyhow::Result<Option<String>> {
        Ok(self.find(path)?.and_then(|it| it["metadata"]["uid"].as_str().map(str::to_owned)))
    }

    fn ask(&self, method: &Method, path: &str, change: Option<&Value>) -> anyhow::Result<Option<Value>> {
        let doing = || format!("{method} {path} on {}", self.name);
        let mut request = Request::builder().method(method).uri(path);
        if change.is_some() {
            request = request.header("content-type", "application/merge-patch+json");
        }
        let body = change.map(|change| change.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(body).with_context(doing)?;
        match self.runtime.block_on(self.client.request_text(request)) {
            Ok(text) => Ok(Some(serde_json::from_str(&text).with_context(doing)?)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(cause) => Err(cause).with_context(doing),
        }
    }
}
