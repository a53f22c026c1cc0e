//! Who is let in, by which door, and what they find.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod support;

use std::{sync::Arc, time::Duration};

use sotto_http::{BindError, MetricsAudience, Options, Proxy, Server};
use sotto_wire::{
    limits::PROTOCOL,
    proto::{ErrorCode, RegistrationMode},
};
use support::{Client, options, start};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

#[tokio::test]
async fn hello_is_the_first_frame_on_both_planes() {
    let running = start(options()).await;
    let connect = || async { TcpStream::connect(running.address).await.unwrap() };
    let topic = Client::open(connect().await, "/v1/topic").await.topic_hello().await;
    let account = Client::open(connect().await, "/v1/account").await.account_hello().await;
    for hello in [&topic, &account] {
        assert_eq!((hello.protocol, hello.host.as_str(), hello.nonce.len()), (PROTOCOL, "127.0.0.1", 32));
        assert_eq!(hello.registration.as_ref().unwrap().mode(), RegistrationMode::Open);
    }
    assert_ne!(topic.nonce, account.nonce);
}

/// A TLS stream that trusts this certificate alone.
async fn tls_stream(
    running: &support::Running,
    trusted: &rcgen::Certificate,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn tls_serves_the_same_and_a_renewed_certificate_is_used_from_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, first) = support::certificate(dir.path());
    let running = start(Options { certificate: Some(certificate.clone()), ..options() }).await;
    let mut client = Client::open(tls_stream(&running, &first.cert).await.unwrap(), "/v1/topic").await;
    assert_eq!(client.topic_hello().await.protocol, PROTOCOL);

    let (_, second) = support::certificate(dir.path());
    certificate.reload().unwrap();
    assert!(tls_stream(&running, &first.cert).await.is_err());
    let mut another = Client::open(tls_stream(&running, &second.cert).await.unwrap(), "/v1/account").await;
    assert_eq!(another.account_hello().await.protocol, PROTOCOL);
    client.send(&b"\xff"[..]).await;
    assert_eq!(client.closing().await.code(), ErrorCode::Malformed, "who was there before stays");
}

#[tokio::test]
async fn plain_http_is_refused_where_others_can_reach_it() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:0"] {
        let options = Options { listen: listen.parse().unwrap(), ..options() };
        let Err(error) = Server::bind(options).await else { panic!("{listen} is served in the clear") };
        assert!(matches!(error, BindError::Refused(_)));
        let text = error.to_string();
        assert!(text.contains("--tls-cert") && text.contains("--behind-proxy"), "{text}");
    }
    let behind_proxy = Options { listen: "0.0.0.0:0".parse().unwrap(), proxy: Proxy::Trusted, ..options() };
    assert!(Server::bind(behind_proxy).await.is_ok());
}

#[tokio::test]
async fn health_says_ok_and_other_paths_say_what_is_where() {
    let running = start(options()).await;
    let health = running.http("/health", "").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.contains("\"status\":\"ok\""), "{health}");
    assert!(running.http("/", "").await.contains("This is a Sotto server"));
    assert!(running.http("/nowhere", "").await.starts_with("HTTP/1.1 404"));
    assert!(running.http("/v1/topic", "").await.starts_with("HTTP/1.1 426"));
}

#[tokio::test]
async fn metrics_are_for_this_machine_unless_said_otherwise() {
    let running = start(options()).await;
    assert!(running.http("/metrics", "").await.starts_with("HTTP/1.1 200"));
    let by_proxy = running.http("/metrics", "X-Forwarded-For: 192.0.2.7\r\n").await;
    assert!(by_proxy.starts_with("HTTP/1.1 404"), "a proxy on this machine speaks for others");

    let public = start(Options { metrics: MetricsAudience::Everyone, ..options() }).await;
    assert!(public.http("/metrics", "X-Forwarded-For: 192.0.2.7\r\n").await.starts_with("HTTP/1.1 200"));
    let off = start(Options { metrics: MetricsAudience::Nobody, ..options() }).await;
    assert!(off.http("/metrics", "").await.starts_with("HTTP/1.1 404"));
}

/// The first line of the answer to an upgrade request; empty when there is none.
async fn knock(stream: &mut TcpStream, more_headers: &str) -> String {
    let request = format!(
        "GET /v1/topic HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more_headers}\r\n"
    );
    // A server that is full closes at once.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = vec![0; 1024];
    let count = stream.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..count]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn behind_a_proxy_each_network_has_its_own_seats() {
    let running = start(Options { proxy: Proxy::Trusted, connections_per_prefix_max: 1, ..options() }).await;
    let mut streams = Vec::new();
    for (forwarded, expected) in [
        ("192.0.2.7", "101"),
        ("192.0.2.8", "429"),
        // Only what the proxy added itself counts: the rest is the peer's own claim.
        ("192.0.3.1, 192.0.2.9", "429"),
        ("192.0.2.7, 192.0.3.1", "101"),
        ("2001:db8::1", "101"),
        ("2001:db8::2", "429"),
        ("198.51.100.1:4711", "101"),
        ("[2001:db8::3]:4711", "429"),
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let line = knock(&mut stream, &format!("X-Forwarded-For: {forwarded}\r\n")).await;
        assert!(line.contains(expected), "{forwarded}: {line}");
        streams.push(stream);
    }
}

#[tokio::test]
async fn a_full_server_lets_nobody_in_until_somebody_leaves() {
    let running = start(Options { connections_max: 1, ..options() }).await;
    let client = running.topic().await;
    let mut refused = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(knock(&mut refused, "").await, "", "closed without an answer");
    drop(client);
    // The seat is free once the server has noticed.
    loop {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        if knock(&mut stream, "").await.contains("101") {
            break;
        }
    }
}

#[tokio::test]
async fn a_peer_without_a_sign_of_life_is_given_up() {
    let running = start(Options { ping_after: Duration::from_millis(20), ..options() }).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    assert!(knock(&mut silent, "").await.contains("101"));
    let mut rest = Vec::new();
    // Pings come, nothing answers them, and the server ends it.
    let _ = silent.read_to_end(&mut rest).await;
    let ping = [0x89, 0x00];
    assert!(rest.windows(2).any(|bytes| bytes == ping));
    assert_eq!(running.metric("sotto_connections_closed_total{reason=\"silent\"}").await, 1);
}
