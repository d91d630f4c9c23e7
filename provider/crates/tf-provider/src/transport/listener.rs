//! Where the caller finds us.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::transport::connection::Pipe;
use crate::transport::environment::Environment;

/// The longest socket path that every unix takes (macOS: 104 bytes with the closing zero).
#[cfg(unix)]
const LONGEST_PATH: usize = 103;

/// The ports Go plugins use when the caller names none.
const PORTS: (u16, u16) = (10_000, 25_000);

/// No address to listen on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The socket, its directory or its rights.
    #[error("making a socket in {}", directory.display())]
    Socket {
        /// Where it was to be.
        directory: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// `PLUGIN_UNIX_SOCKET_GROUP` names nobody.
    #[error("there is no group `{0}`, which `PLUGIN_UNIX_SOCKET_GROUP` names")]
    NoSuchGroup(String),
    /// Every port of the range is taken.
    #[error("no port from {0} to {1} is free")]
    NoPort(u16, u16),
}

/// Something to accept callers on. What it made in the file system goes with it.
#[derive(Debug)]
pub(crate) enum Listener {
    /// A socket that only this user (and the caller's group) may open.
    #[cfg(unix)]
    Unix { listener: UnixListener, path: PathBuf, _made: Made },
    /// A port of the local host, for systems without unix sockets.
    Tcp { listener: TcpListener, address: SocketAddr },
}

/// What is removed with the listener.
#[cfg(unix)]
#[derive(Debug)]
#[expect(dead_code, reason = "held to be dropped: dropping removes what it names")]
pub(crate) enum Made {
    Directory(tempfile::TempDir),
    Socket(tempfile::TempPath),
}

impl Listener {
    /// Opens what this system's callers expect, as `environment` asks.
    #[cfg(unix)]
    pub(crate) fn open(environment: &Environment) -> Result<Self, ListenError> {
        match &environment.socket_dir {
            Some(directory) => Self::in_directory(directory, environment.socket_group.as_deref()),
            None => Self::private(),
        }
    }

    /// Opens what this system's callers expect, as `environment` asks.
    #[cfg(not(unix))]
    pub(crate) fn open(environment: &Environment) -> Result<Self, ListenError> {
        Self::on_a_port(environment)
    }

    /// A socket in a new directory that nobody else can enter.
    #[cfg(unix)]
    pub(crate) fn private() -> Result<Self, ListenError> {
        let mut parent = std::env::temp_dir();
        if parent.as_os_str().len() + "/tf-provider-XXXXXX/s".len() > LONGEST_PATH {
            parent = PathBuf::from("/tmp");
        }
        let refused = |cause| ListenError::Socket { directory: parent.clone(), cause };
        let directory = tempfile::Builder::new()
            .prefix("tf-provider-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(refused)?;
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).map_err(refused)?;
        Ok(Self::Unix { listener, path, _made: Made::Directory(directory) })
    }

    /// A socket in the caller's own directory, for this user and `group`.
    #[cfg(unix)]
    fn in_directory(directory: &Path, group: Option<&str>) -> Result<Self, ListenError> {
        let refused = |cause| ListenError::Socket { directory: directory.to_owned(), cause };
        let made = tempfile::Builder::new()
            .prefix("plugin")
            .make_in(directory, |path| UnixListener::bind(path))
            .map_err(refused)?;
        let (listener, path) = made.into_parts();
        let rights = if let Some(group) = group {
            let gid = group_id(group).map_err(refused)?;
            let gid = gid.ok_or_else(|| ListenError::NoSuchGroup(group.to_owned()))?;
            rustix::fs::chown(&*path, None, Some(rustix::fs::Gid::from_raw(gid)))
                .map_err(|cause| refused(cause.into()))?;
            0o660
        } else {
            0o600
        };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(rights)).map_err(refused)?;
        Ok(Self::Unix { listener, path: path.to_path_buf(), _made: Made::Socket(path) })
    }

    /// The first free port of the caller's range, on this host only.
    #[cfg_attr(unix, expect(dead_code, reason = "for systems without unix sockets"))]
    pub(crate) fn on_a_port(environment: &Environment) -> Result<Self, ListenError> {
        let first = environment.min_port.unwrap_or(PORTS.0);
        let last = environment.max_port.unwrap_or(PORTS.1);
        for port in first..=last {
            let bound = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port));
            let listener = bound.and_then(|listener| {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            });
            if let Ok(listener) = listener
                && let Ok(address) = listener.local_addr()
            {
                return Ok(Self::Tcp { listener, address });
            }
        }
        Err(ListenError::NoPort(first, last))
    }

    /// `unix` or `tcp`.
    pub(crate) fn network(&self) -> &'static str {
        match self {
            #[cfg(unix)]
            Self::Unix { .. } => "unix",
            Self::Tcp { .. } => "tcp",
        }
    }

    /// The socket's path, or host and port.
    pub(crate) fn address(&self) -> String {
        match self {
            #[cfg(unix)]
            Self::Unix { path, .. } => path.display().to_string(),
            Self::Tcp { address, .. } => address.to_string(),
        }
    }

    /// Waits for the next caller.
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Pipe + Unpin>> {
        match self {
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                listener.accept().await.map(|(stream, _)| Box::new(stream) as Box<dyn Pipe + Unpin>)
            }
            Self::Tcp { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Finds a group by its number or, in `/etc/group`, by its name.
#[cfg(unix)]
fn group_id(group: &str) -> io::Result<Option<u32>> {
    if let Ok(number) = group.parse() {
        return Ok(Some(number));
    }
    Ok(group_in(&std::fs::read_to_string("/etc/group")?, group))
}

#[cfg(unix)]
fn group_in(table: &str, group: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next() == Some(group);
        if found { fields.nth(1)?.parse().ok() } else { None }
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_name() {
        let table = "root:x:0:\nbuild:x:998:a,b\n";
        assert_eq!([group_in(table, "build"), group_in(table, "buil")], [Some(998), None]);
    }

    #[tokio::test]
    async fn the_callers_directory_and_group_are_obeyed_and_the_socket_goes() {
        let directory = tempfile::tempdir().unwrap();
        let group = rustix::process::getegid().as_raw().to_string();
        let asked = Environment {
            socket_dir: Some(directory.path().to_owned()),
            socket_group: Some(group),
            ..Environment::default()
        };
        let listener = Listener::open(&asked).unwrap();
        let path = PathBuf::from(listener.address());
        assert_eq!(path.parent(), Some(directory.path()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_private_socket_is_in_a_private_directory_and_both_go() {
        let listener = Listener::private().unwrap();
        let path = PathBuf::from(listener.address());
        let directory = path.parent().unwrap().to_owned();
        assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
        drop(listener);
        assert!(!directory.exists());
    }
}
