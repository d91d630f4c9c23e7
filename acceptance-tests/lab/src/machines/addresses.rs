//! All that a test needs to know of a lab's machines.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::Serialize;

use crate::lab::Lab;
use crate::machines::artifacts::Versions;
use crate::machines::layout::{key, known_hosts};
use crate::machines::reach::{self, Reach};
use crate::machines::serve;
use crate::state::State;

/// The machines, and how one reaches them. Holds no secret; the key's file does.
#[derive(Clone, Debug, Serialize)]
pub struct MachinesEnvironment {
    /// The machines and their addresses.
    pub hosts: BTreeMap<String, Ipv4Addr>,
    /// The users that the key opens. `admin` may use `sudo` without a password.
    pub users: Vec<String>,
    /// The private key, a file.
    pub key: PathBuf,
    /// The machines' host keys, a file.
    pub known_hosts: PathBuf,
    /// The subnet that machines, mirror and registry are in.
    pub subnet: String,
    /// The address of this machine in that subnet.
    pub gateway: Ipv4Addr,
    /// Mirror and registry; none if the lab was started without.
    pub services: Option<Services>,
    /// The lab's control planes as machines, and pods on them, reach them; none if it has none.
    pub control_planes: Option<Reach>,
}

/// What machines can get from this machine, all over plain HTTP.
#[derive(Clone, Debug, Serialize)]
pub struct Services {
    /// Host names of projects and registries, and the URL that has the same paths instead: the provider's `mirrors`.
    pub mirrors: BTreeMap<String, String>,
    /// The folder that the mirror serves. Links; another file may be put in the place of one.
    pub mirror_dir: PathBuf,
    /// The address and port of the registry. It has the images of registry.k8s.io and docker.io under their paths.
    pub registry: String,
    /// What there is in which version.
    pub versions: Versions,
    /// The image with helm, as a node sees it through the registry's mirror.
    pub helm_image: String,
    /// A small image for tests: a shell, httpd, curl.
    pub test_image: String,
    /// The manifest of the stand-in for a pod network; `@POD_CIDR@` and `@API@` are to be filled in.
    pub cni_stand_in: PathBuf,
    /// The chart of that stand-in, which takes the values of real ones' charts. Its registry is among the mirrors.
    pub cni_chart: CniChart,
    /// Flux, to be run as pods.
    pub flux: FluxAsPods,
    /// What is not the real thing, and why.
    pub stand_ins: Vec<String>,
}

/// A chart in the registry.
#[derive(Clone, Debug, Serialize)]
pub struct CniChart {
    /// Where it is.
    pub source: String,
    /// Its version.
    pub version: String,
}

/// Flux's manifests and images in the registry.
#[derive(Clone, Debug, Serialize)]
pub struct FluxAsPods {
    /// Where the manifests are, as seen from this machine alone.
    pub source: String,
    /// Their tag.
    pub version: String,
    /// What stands in front of the names of the controllers' images, as seen from machines.
    pub registry: String,
}

impl Lab {
    /// Gives all that a test needs to know of the machines.
    ///
    /// # Errors
    ///
    /// The lab is gone, its record cannot be read, or it has no machines.
    pub fn machines(&self) -> anyhow::Result<MachinesEnvironment> {
        let state = State::of(&self.layout)?;
        let machines = state.machines()?;
        Ok(MachinesEnvironment {
            hosts: machines.hosts.clone(),
            users: vec!["admin".to_owned(), "root".to_owned()],
            key: key(&self.layout),
            known_hosts: known_hosts(&self.layout),
            subnet: machines.network.subnet(),
            gateway: machines.network.gateway(),
            services: serve::services(&self.layout, &state)?,
            control_planes: reach::reach(&self.layout, &state),
        })
    }
}
