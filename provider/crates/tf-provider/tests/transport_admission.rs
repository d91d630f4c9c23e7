//! Who may call the provider, and how the two of them meet.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod transport_caller;

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use tf_provider::proto::health::health_client::HealthClient;
use tf_provider::proto::health::{HealthCheckRequest, health_check_response::ServingStatus};
use tf_provider::proto::tfplugin6::{
    DynamicValue, get_provider_schema, read_resource, validate_data_resource_config,
};
use tokio::net::UnixStream;
use transport_caller::{Caller, LONG, as_terraform, bare_provider, example, read_handshake, start, verdict};

#[tokio::test]
async fn the_caller_that_started_the_provider_is_let_in() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    assert_eq!(verdict(&started, Some(&caller)).await, None);
    let answer = started.provider(Some(&caller)).get_provider_schema(get_provider_schema::Request {}).await;
    assert!(answer.unwrap().into_inner().resource_schemas.contains_key("bare_thing"));
}

#[tokio::test]
async fn a_caller_without_a_certificate_is_refused() {
    let started = start(Some(&Caller::like_terraform())).await;
    let said = verdict(&started, None).await.unwrap();
    assert!(said.contains("CertificateRequired"), "{said}");
    let answer = started.provider(None).get_provider_schema(get_provider_schema::Request {}).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_caller_with_a_look_alike_certificate_is_refused() {
    let started = start(Some(&Caller::like_terraform())).await;
    let other = Caller::like_terraform();
    let said = verdict(&started, Some(&other)).await.unwrap();
    assert!(said.contains("AccessDenied"), "{said}");
    let answer = started.provider(Some(&other)).get_provider_schema(get_provider_schema::Request {}).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_caller_with_the_right_certificate_and_a_wrong_key_is_refused() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    let said = verdict(&started, Some(&caller.impostor())).await.unwrap();
    assert!(said.contains("DecryptError"), "{said}");
}

#[tokio::test]
async fn a_caller_whose_certificate_the_right_one_issued_is_refused() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    let said = verdict(&started, Some(&caller.issued())).await.unwrap();
    assert!(said.contains("AccessDenied"), "{said}");
}

#[tokio::test]
async fn a_caller_without_tls_is_refused_where_tls_is_wanted() {
    let mut started = start(Some(&Caller::like_terraform())).await;
    started.forget_certificate();
    let answer = started.provider(None).get_provider_schema(get_provider_schema::Request {}).await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_caller_that_asks_for_no_tls_gets_none() {
    let started = start(None).await;
    let answer = started.provider(None).get_provider_schema(get_provider_schema::Request {}).await;
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test]
async fn silent_callers_hold_up_nobody() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(UnixStream::connect(&started.socket).await.unwrap());
    }
    let answer = started.provider(Some(&caller)).get_provider_schema(get_provider_schema::Request {}).await;
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test]
async fn messages_far_beyond_4_mib_pass_both_ways() {
    let caller = Caller::like_terraform();
    let started = start(Some(&caller)).await;
    let private = vec![7; 24 * 1024 * 1024];
    let request = read_resource::Request { private: private.clone(), ..read_resource::Request::default() };
    let answer = started.provider(Some(&caller)).read_resource(request).await;
    assert!(answer.unwrap().into_inner().private == private);
}

#[tokio::test]
async fn only_the_same_user_reaches_the_socket() {
    let started = start(None).await;
    let mode = std::fs::metadata(started.directory()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn the_callers_socket_directory_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = as_terraform(&bare_provider(), None);
    command.env("PLUGIN_UNIX_SOCKET_DIR", directory.path());
    let started = read_handshake(command).await;
    assert_eq!(started.directory(), directory.path());
}

#[tokio::test]
async fn nothing_depends_on_the_schema_having_been_asked_for() {
    let started = read_handshake(as_terraform(&example("toy_provider"), None)).await;
    let mut client = started.provider(None);
    let request = validate_data_resource_config::Request {
        type_name: "toy_lookup".to_owned(),
        // `{greeting: null, name: null, text: null}`
        config: Some(DynamicValue {
            msgpack: b"\x83\xa8greeting\xc0\xa4name\xc0\xa4text\xc0".to_vec(),
            json: vec![],
        }),
    };
    let answer = client.validate_data_resource_config(request).await.unwrap().into_inner();
    let summaries: Vec<_> = answer.diagnostics.iter().map(|said| said.summary.as_str()).collect();
    assert_eq!(summaries, ["Required attribute has no value"]);
}

#[tokio::test]
async fn the_health_service_says_that_the_plugin_serves() {
    let started = start(None).await;
    let mut health = HealthClient::new(started.channel(None));
    let answer = health.check(HealthCheckRequest { service: "plugin".to_owned() }).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn a_person_is_told_what_the_program_is() {
    let mut command = as_terraform(&bare_provider(), None);
    command.env_remove("TF_PLUGIN_MAGIC_COOKIE").stderr(Stdio::piped());
    let ended = tokio::time::timeout(LONG, command.output()).await.unwrap().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(1), 0));
    assert!(said.starts_with("this is a Terraform provider"), "{said}");
}

#[tokio::test]
async fn a_caller_of_another_protocol_is_told_which_one_is_spoken() {
    let mut command = as_terraform(&bare_provider(), None);
    command.env("PLUGIN_PROTOCOL_VERSIONS", "5").stderr(Stdio::piped());
    let ended = tokio::time::timeout(LONG, command.output()).await.unwrap().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(1), 0));
    assert!(said.contains("protocol version 6"), "{said}");
}
