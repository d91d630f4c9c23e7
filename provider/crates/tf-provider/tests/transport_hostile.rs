//! What no honest caller sends: broken frames, claims of enormous messages, noise. Each costs its sender an answer or
//! a connection, and nobody else anything.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod transport_caller;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message as _;
use tf_provider::proto::tfplugin6 as pb;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tonic::codegen::Service as _;
use tonic::transport::Channel;
use tonic::{Code, Status};
use transport_caller::{Caller, LONG, Started, as_terraform, example, read_handshake, tls_stream};

/// The largest message that is taken, in bytes.
const LARGEST: u32 = 256 * 1024 * 1024;

/// A toy provider in a process of its own, and the caller it lets in.
struct World {
    runtime: Runtime,
    started: Started,
    caller: Caller,
    channel: Channel,
}

fn world() -> World {
    let runtime = Runtime::new().unwrap();
    let caller = Caller::like_terraform();
    let (started, channel) = runtime.block_on(async {
        let started = read_handshake(as_terraform(&example("toy_provider"), Some(&caller))).await;
        let channel = started.channel(Some(&caller));
        (started, channel)
    });
    World { runtime, started, caller, channel }
}

/// One for all cases of a property: starting one takes longer than a case.
fn shared() -> &'static World {
    static SHARED: OnceLock<World> = OnceLock::new();
    SHARED.get_or_init(world)
}

impl World {
    /// Fails unless a newcomer is served and the process is the one that was started.
    async fn is_well(&self) {
        let asked = async {
            let mut client = self.started.provider(Some(&self.caller));
            client.get_provider_schema(pb::get_provider_schema::Request {}).await
        };
        let answer = tokio::time::timeout(LONG, asked).await.unwrap().unwrap();
        assert!(answer.into_inner().resource_schemas.contains_key("toy_thing"));
    }

    /// Sends `body` as the request of a call and gives what came back.
    async fn send(&self, method: &str, body: Sent) -> Status {
        let request = http::Request::post(format!("http://localhost/tfplugin6.Provider/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(tonic::body::Body::new(body))
            .unwrap();
        let mut channel = self.channel.clone();
        let answered = async {
            std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
            let answer = channel.call(request).await.unwrap();
            if let Some(status) = Status::from_header_map(answer.headers()) {
                return status;
            }
            let mut body = answer.into_body();
            loop {
                let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
                // An answer always ends with a status.
                let frame = frame.unwrap();
                if let Some(trailers) = frame.unwrap().trailers_ref() {
                    return Status::from_header_map(trailers).unwrap();
                }
            }
        };
        tokio::time::timeout(LONG, answered).await.unwrap()
    }

    /// What the process holds in memory, in MiB.
    #[cfg(target_os = "linux")]
    fn resident(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.started.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
    }
}

/// The body of a request, byte for byte.
struct Sent {
    bytes: Option<Bytes>,
    /// Whether more is said to come, and never does.
    open: bool,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.bytes.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.open => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

/// A frame of gRPC: a flag, the length that it claims, and what follows.
fn frame(flag: u8, length: u32, payload: &[u8]) -> Vec<u8> {
    [&[flag], length.to_be_bytes().as_slice(), payload].concat()
}

fn whole(bytes: Vec<u8>) -> Sent {
    Sent { bytes: Some(bytes.into()), open: false }
}

fn length(payload: &[u8]) -> u32 {
    payload.len().try_into().unwrap()
}

#[test]
fn a_message_that_ends_too_soon_gets_a_status_and_harms_nobody() {
    let world = shared();
    let config = pb::DynamicValue { msgpack: vec![0x81, 0xa4, b'n', b'a', b'm', b'e'], json: Vec::new() };
    let request = pb::validate_resource_config::Request {
        type_name: "toy_thing".to_owned(),
        config: Some(config),
        client_capabilities: None,
    };
    let request = request.encode_to_vec();
    let sent = frame(0, length(&request), &request);
    world.runtime.block_on(async {
        for end in 0..sent.len() {
            let status = world.send("ValidateResourceConfig", whole(sent[..end].to_vec())).await;
            assert_ne!(status.code(), Code::Ok, "cut at {end}");
        }
        // The whole of it is a request, with a value that ends too soon: that gets a diagnostic.
        assert_eq!(world.send("ValidateResourceConfig", whole(sent)).await.code(), Code::Ok);
        world.is_well().await;
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_message_that_claims_to_be_too_large_is_refused_at_once_and_costs_no_memory() {
    let world = world();
    world.runtime.block_on(async {
        world.is_well().await;
        let before = world.resident();
        for claimed in [LARGEST + 1, u32::MAX] {
            let sent = Sent { bytes: Some(frame(0, claimed, &[7; 100]).into()), open: true };
            let status = world.send("PlanResourceChange", sent).await;
            assert_eq!(status.code(), Code::OutOfRange, "{claimed} claimed: {status}");
        }
        // As much as is allowed, and then nothing of it comes: only what came may cost anything.
        for _ in 0..8 {
            let status = world.send("PlanResourceChange", whole(frame(0, LARGEST, &[7; 100]))).await;
            assert_ne!(status.code(), Code::Ok);
        }
        let grown = world.resident().saturating_sub(before);
        assert!(grown < 32, "{grown} MiB more than before");
        world.is_well().await;
    });
}

#[test]
fn a_compressed_message_is_refused() {
    let world = shared();
    let status = world.runtime.block_on(world.send("GetProviderSchema", whole(frame(1, 0, &[]))));
    assert_ne!(status.code(), Code::Ok);
}

#[test]
fn a_call_that_does_not_exist_is_not_implemented() {
    let world = shared();
    let status = world.runtime.block_on(world.send("ReadMyMind", whole(frame(0, 0, &[]))));
    assert_eq!(status.code(), Code::Unimplemented);
}

const METHODS: &[&str] = &[
    "GetMetadata",
    "GetProviderSchema",
    "ValidateProviderConfig",
    "ConfigureProvider",
    "ValidateResourceConfig",
    "UpgradeResourceState",
    "UpgradeResourceIdentity",
    "ReadResource",
    "PlanResourceChange",
    "ApplyResourceChange",
    "ImportResourceState",
    "MoveResourceState",
    "GenerateResourceConfig",
    "ReadDataSource",
    "OpenEphemeralResource",
    "ListResource",
    "CallFunction",
    "PlanAction",
    "InvokeAction",
    "StopProvider",
];

/// Noise, and noise behind a type that exists, which gets further.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let named = vec(any::<u8>(), 0..80).prop_map(|noise| {
        let request = pb::validate_resource_config::Request {
            type_name: "toy_thing".to_owned(),
            config: Some(pb::DynamicValue { msgpack: noise, json: Vec::new() }),
            client_capabilities: None,
        };
        request.encode_to_vec()
    });
    prop_oneof![vec(any::<u8>(), 0..200), named]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_random_message_gets_an_answer_or_a_status(
        method in prop::sample::select(METHODS),
        flag in prop_oneof![9 => Just(0_u8), 1 => any::<u8>()],
        payload in payload(),
        claims in prop_oneof![9 => Just(None), 1 => any::<u32>().prop_map(Some)],
    ) {
        let world = shared();
        let sent = frame(flag, claims.unwrap_or_else(|| length(&payload)), &payload);
        world.runtime.block_on(async {
            // Whatever it is: that there is one at all is what `send` insists on.
            world.send(method, whole(sent)).await;
            world.is_well().await;
        });
    }

    #[test]
    fn noise_on_a_connection_ends_that_connection_at_most(
        noise in vec(any::<u8>(), 1..600),
        within_tls in any::<bool>(),
        begins_well in any::<bool>(),
    ) {
        let world = shared();
        let preface: &[u8] = if begins_well { b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" } else { b"" };
        let sent = [preface, &noise].concat();
        world.runtime.block_on(async {
            if within_tls {
                let mut stream = tls_stream(&world.started, &world.caller).await;
                drop(stream.write_all(&sent).await);
                drop(stream.flush().await);
                world.is_well().await;
            } else {
                let mut stream = UnixStream::connect(&world.started.socket).await.unwrap();
                drop(stream.write_all(&sent).await);
                world.is_well().await;
            }
        });
    }
}
