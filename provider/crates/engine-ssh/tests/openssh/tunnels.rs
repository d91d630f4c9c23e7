//! Connections through a machine.

use engines::error::Kind;
use engines::machines::{Command, Machine};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::setup::{Sshd, limits};

/// Answers every request with its own first line and a body of many bytes.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 1024];
                let length = stream.read(&mut request).await.unwrap();
                let line = String::from_utf8_lossy(&request[..length]).lines().next().unwrap().to_owned();
                let body = format!("{line}\n{}", "x".repeat(5_000_000));
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            });
        }
    });
    port
}

async fn fetch(machine: &dyn Machine, port: u16, path: &str) -> String {
    let mut stream = machine.open("127.0.0.1", port, &limits()).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_a_machine_is_reached() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let port = serve().await;
    let (a, b) = tokio::join!(fetch(&*machine, port, "/a"), fetch(&*machine, port, "/b"));
    assert!(a.contains("\r\n\r\nGET /a HTTP/1.1\n") && a.len() > 5_000_000);
    assert!(b.contains("\r\n\r\nGET /b HTTP/1.1\n") && b.len() > 5_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_that_nobody_reads_from_holds_up_no_command() {
    let Some(server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let port = serve().await;
    let mut stream = machine.open("127.0.0.1", port, &limits()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    for _ in 0..20 {
        assert!(machine.run(&Command::look("trying", "true"), &limits()).await.unwrap().is_success());
    }
}

#[tokio::test]
async fn what_a_machine_does_not_reach_or_pass_on_is_told() {
    let Some(server) = Sshd::start().await else { return };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = server.machine().await.open("127.0.0.1", closed, &limits()).await.err().unwrap();
    assert_eq!(error.kind, Kind::Unreachable);
    assert!(error.chain().contains(&format!("it does not reach 127.0.0.1:{closed}")), "{}", error.chain());
    let Some(server) = Sshd::start_with("AllowTcpForwarding no").await else { return };
    let error = server.machine().await.open("127.0.0.1", closed, &limits()).await.err().unwrap();
    assert_eq!(error.kind, Kind::Rejected);
}

#[tokio::test]
async fn a_tunnel_is_opened_again_after_the_connection_was_lost() {
    let Some(mut server) = Sshd::start().await else { return };
    let machine = server.machine().await;
    let port = serve().await;
    assert!(fetch(&*machine, port, "/a").await.contains("GET /a"));
    server.kill();
    server.run().await;
    assert!(fetch(&*machine, port, "/b").await.contains("GET /b"));
}
