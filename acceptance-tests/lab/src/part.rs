//! A part: one process of the lab, how it is started and how one sees that it is up.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a part is started, looked at and ended. Recorded, so that a restart needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartSpec {
    /// What it is called in output, in logs and to `lab fault`.
    pub(crate) name: String,
    /// The binary.
    pub(crate) program: PathBuf,
    /// Its arguments. Never a secret: they can be read by everybody on the machine.
    pub(crate) args: Vec<String>,
    /// What is added to the environment that every part has.
    pub(crate) env: BTreeMap<String, String>,
    /// The ports it listens on, the main one first.
    pub(crate) ports: Vec<u16>,
    /// How one sees that it is up.
    pub(crate) ready: Ready,
    /// How it is ended.
    pub(crate) ending: Ending,
}

/// What to look at to see that a part is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ready {
    /// A GET of this path on this port answers 200.
    Http {
        /// Where the port is.
        #[serde(default = "loopback")]
        address: Ipv4Addr,
        /// The port.
        port: u16,
        /// The path.
        path: String,
    },
    /// This port accepts connections.
    Port(u16),
    /// This place accepts connections.
    Place(SocketAddrV4),
    /// This cluster's `/readyz` says ok.
    ApiServer(String),
    /// The object at this path exists in the cluster: somebody works.
    Object {
        /// The cluster.
        cluster: String,
        /// The path of the object in the API.
        path: String,
    },
    /// A server greets who connects with a line that begins so.
    Greeting {
        /// The server.
        server: SocketAddrV4,
        /// The first bytes.
        begins: String,
    },
    /// The cluster's proxy answers on its control socket.
    ProxyControl(String),
}

/// Where the servers of labs that were recorded by older versions are.
fn loopback() -> Ipv4Addr {
    Ipv4Addr::LOCALHOST
}

/// How a part is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// Asked first, killed after a while.
    Asked,
    /// Killed at once: kube-apiserver waits up to a minute for open watches when asked.
    Killed,
}
