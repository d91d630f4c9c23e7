//! Doors: what listens in one place can be reached in another one, too.

use std::fmt;
use std::net::SocketAddrV4;
use std::str::FromStr;

use anyhow::Context as _;
use futures::future::try_join_all;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// A place to connect to, and the place that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    /// Where it is.
    pub(crate) at: SocketAddrV4,
    /// Who is behind it.
    pub(crate) to: SocketAddrV4,
}

impl fmt::Display for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.at, self.to)
    }
}

impl FromStr for Door {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (at, to) = text.split_once('=').with_context(|| format!("{text}: want PLACE=PLACE"))?;
        let place = |text: &str| text.parse().with_context(|| format!("{text}: want ADDRESS:PORT"));
        Ok(Self { at: place(at)?, to: place(to)? })
    }
}

/// Keeps the doors open until the process ends. All are open before the first is used.
pub(crate) async fn run(doors: Vec<Door>) -> anyhow::Result<()> {
    let mut open = Vec::new();
    for door in doors {
        let listener = TcpListener::bind(door.at).await;
        open.push((listener.with_context(|| format!("listening on {}", door.at))?, door));
    }
    try_join_all(open.into_iter().map(|(listener, door)| keep(listener, door))).await.map(drop)
}

async fn keep(listener: TcpListener, door: Door) -> anyhow::Result<()> {
    loop {
        let (client, _) = listener.accept().await.with_context(|| format!("listening on {}", door.at))?;
        tokio::spawn(lead(client, door));
    }
}

/// Hands one connection on. Where nobody listens, it ends in a reset: the nearest to a refusal that a door can give.
async fn lead(mut client: TcpStream, door: Door) {
    let lead = async {
        client.set_nodelay(true)?;
        let mut server = TcpStream::connect(door.to).await?;
        server.set_nodelay(true)?;
        copy_bidirectional(&mut client, &mut server).await
    };
    if lead.await.is_err() {
        // The client may be gone by now.
        let _ = client.set_zero_linger();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn a_door_is_read_as_it_is_written() {
        let door: Door = "10.77.3.1:5000=127.0.0.1:5001".parse().unwrap();
        assert_eq!(door.at, SocketAddrV4::new(Ipv4Addr::new(10, 77, 3, 1), 5000));
        assert_eq!(door.to_string().parse::<Door>().unwrap(), door);
        assert!("10.77.3.1:5000".parse::<Door>().is_err());
    }

    async fn listener() -> (TcpListener, SocketAddrV4) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
    }

    #[tokio::test]
    async fn who_comes_through_a_door_meets_who_is_behind_it() {
        let ((server, to), (door, at)) = (listener().await, listener().await);
        tokio::spawn(keep(door, Door { at, to }));
        let mut client = TcpStream::connect(at).await.unwrap();
        let (mut met, _) = server.accept().await.unwrap();
        met.write_all(b"hello").await.unwrap();
        drop(met);
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "hello");
    }

    #[tokio::test]
    async fn a_door_that_leads_to_nobody_is_an_error_for_the_client() {
        let ((server, to), (door, at)) = (listener().await, listener().await);
        drop(server);
        tokio::spawn(keep(door, Door { at, to }));
        let mut client = TcpStream::connect(at).await.unwrap();
        assert!(client.read_u8().await.is_err());
    }
}
