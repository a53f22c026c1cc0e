//! A server on loopback with the real service over the reference store, and clients that speak to it by socket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]
#![allow(dead_code, reason = "each test file uses its part of this")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use rand_core::OsRng;
use sotto_http::{CancellationToken, Certificate, MetricsAudience, Options, Proxy, ServeError, Server};
use sotto_ports::MemoryStore;
use sotto_service::{Quotas, Registration, Service, Settings};
use sotto_wire::ids::Host;
use sotto_wire::proto::{
    AccountFrame, Error, Hello, TopicFrame, TopicRequest, TopicResponse, account_frame, topic_frame,
    topic_request, topic_response,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error as SocketError, Message},
};

/// Options that a test starts from.
pub(crate) fn options() -> Options {
    Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        certificate: None,
        proxy: Proxy::None,
        metrics: MetricsAudience::Local,
        connections_max: 100,
        connections_per_prefix_max: 100,
        ping_after: Duration::from_secs(60),
        unwritable_max: Duration::from_secs(60),
        stop_within: Duration::from_secs(60),
        large_message_bytes: 16 << 20,
    }
}

/// A running server.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<Result<Service<MemoryStore>, ServeError>>,
}

/// Starts one.
pub(crate) async fn start(options: Options) -> Running {
    let settings = Settings {
        host: Host::parse("127.0.0.1").unwrap(),
        software: "test".to_owned(),
        registration: Registration::Open { work_bits: 0 },
    };
    let service = Service::new(MemoryStore::default(), settings, SigningKey::from_bytes(&[7; 32]))
        .with_quotas(Quotas::unlimited());
    let server = Server::bind(options).await.unwrap();
    let address = server.address().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(server.serve(service, Box::new(OsRng), stop.clone()));
    Running { address, stop, served }
}

impl Running {
    /// A client of the topic plane that has read its hello.
    pub(crate) async fn topic(&self) -> Client<TcpStream> {
        let mut client = Client::open(TcpStream::connect(self.address).await.unwrap(), "/v1/topic").await;
        client.topic_hello().await;
        client
    }

    /// A client of the account plane that has read its hello.
    pub(crate) async fn account(&self) -> Client<TcpStream> {
        let mut client = Client::open(TcpStream::connect(self.address).await.unwrap(), "/v1/account").await;
        client.account_hello().await;
        client
    }

    /// The answer to one plain HTTP request: everything after the request line and `Host`.
    pub(crate) async fn http(&self, path: &str, more_headers: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{more_headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// The value of one sample on the metrics page.
    pub(crate) async fn metric(&self, sample: &str) -> u64 {
        let page = self.http("/metrics", "").await;
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("{sample} ")));
        line.unwrap_or_else(|| panic!("no {sample} in\n{page}")).parse().unwrap()
    }

    /// Waits until a sample has this value.
    pub(crate) async fn metric_becomes(&self, sample: &str, value: u64) {
        while self.metric(sample).await != value {
            tokio::task::yield_now().await;
        }
    }

    /// Stops it and gives the service back.
    pub(crate) async fn stop(self) -> Service<MemoryStore> {
        self.stop.cancel();
        self.served.await.unwrap().unwrap()
    }
}

/// One WebSocket to the server.
pub(crate) struct Client<S> {
    pub(crate) socket: WebSocketStream<S>,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn open(stream: S, path: &str) -> Self {
        let (socket, _) = client_async(format!("ws://test{path}"), stream).await.unwrap();
        Self { socket }
    }

    pub(crate) async fn send(&mut self, bytes: impl Into<bytes::Bytes>) {
        self.socket.send(Message::Binary(bytes.into())).await.unwrap();
    }

    /// The next binary message; `None` once the server has closed.
    pub(crate) async fn next(&mut self) -> Option<bytes::Bytes> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(bytes)) => return Some(bytes),
                Ok(Message::Close(_)) | Err(SocketError::ConnectionClosed) => return None,
                Ok(_) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    pub(crate) async fn topic_frame(&mut self) -> topic_frame::Frame {
        let bytes = self.next().await.expect("a frame");
        TopicFrame::decode(bytes).unwrap().frame.unwrap()
    }

    pub(crate) async fn topic_hello(&mut self) -> Hello {
        match self.topic_frame().await {
            topic_frame::Frame::Hello(hello) => hello,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn account_hello(&mut self) -> Hello {
        let bytes = self.next().await.expect("a frame");
        match AccountFrame::decode(bytes).unwrap().frame.unwrap() {
            account_frame::Frame::Hello(hello) => hello,
            other => panic!("{other:?}"),
        }
    }

    /// The error with which the server closes, after which nothing comes.
    pub(crate) async fn closing(&mut self) -> Error {
        let error = match self.topic_frame().await {
            topic_frame::Frame::Closing(error) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(self.next().await, None);
        error
    }

    pub(crate) async fn request(&mut self, id: u32, request: topic_request::Request) {
        self.send(TopicRequest { id, request: Some(request) }.encode_to_vec()).await;
    }

    /// The next response; other frames in between are dropped.
    pub(crate) async fn response(&mut self) -> (u32, topic_response::Response) {
        loop {
            if let topic_frame::Frame::Response(TopicResponse { id, response }) = self.topic_frame().await {
                return (id, response.unwrap());
            }
        }
    }
}

/// A certificate for `localhost` in a directory, loaded.
pub(crate) fn certificate(dir: &std::path::Path) -> (Arc<Certificate>, rcgen::CertifiedKey<rcgen::KeyPair>) {
    let generated = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = sotto_http::TlsFiles { certificate: dir.join("cert.pem"), key: dir.join("key.pem") };
    std::fs::write(&files.certificate, generated.cert.pem()).unwrap();
    std::fs::write(&files.key, generated.signing_key.serialize_pem()).unwrap();
    (Certificate::load(files).unwrap(), generated)
}
