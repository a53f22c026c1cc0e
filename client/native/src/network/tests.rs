use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

use super::*;

/// Accepts WebSockets and says which path was asked for.
async fn echo_path(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let path = Arc::new(Mutex::new(String::new()));
    let seen = path.clone();
    #[expect(clippy::result_large_err, reason = "the library's signature")]
    let note = move |request: &tokio_tungstenite::tungstenite::handshake::server::Request, response| {
        *seen.lock().unwrap() = request.uri().path().to_owned();
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, note).await else { return };
    let path = path.lock().unwrap().clone();
    let _ = socket.send(Message::binary(path.into_bytes())).await;
    let _ = socket.next().await;
}

/// A plain server; returns its port.
async fn plain_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo_path(stream));
        }
    });
    port
}

/// A server with a certificate for `sotto.test`; returns its port and the file of the authority that signed it.
async fn tls_server(dir: &Path) -> (u16, std::path::PathBuf) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(authority, authority_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["sotto.test".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let ca_file = dir.join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    echo_path(stream).await;
                }
            });
        }
    });
    (port, ca_file)
}

/// What a proxy was asked for, and leads to one place whatever that was.
struct RecordingProxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
enum Kind {
    Socks5,
    HttpConnect,
}

impl RecordingProxy {
    async fn leading_to(to_port: u16, kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let wanted = match kind {
                    Kind::Socks5 => socks5(&mut stream).await,
                    Kind::HttpConnect => http_connect(&mut stream).await,
                };
                record.lock().unwrap().push(wanted);
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", to_port)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
                });
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a SOCKS5 request with a login; returns `user@kind:host:port`.
async fn socks5(stream: &mut TcpStream) -> String {
    let mut start = [0; 4];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(start, [5, 2, 0, 2], "no login and login are offered");
    stream.write_all(&[5, 2]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 1);
    let user = counted(stream).await;
    counted(stream).await;
    stream.write_all(&[1, 0]).await.unwrap();
    let mut request = [0; 4];
    stream.read_exact(&mut request).await.unwrap();
    let host = match request[3] {
        1 => {
            let mut ip = [0; 4];
            stream.read_exact(&mut ip).await.unwrap();
            format!("ip:{}", Ipv4Addr::from(ip))
        }
        3 => format!("name:{}", counted(stream).await),
        other => format!("kind {other}"),
    };
    let port = stream.read_u16().await.unwrap();
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    format!("{user}@{host}:{port}")
}

async fn counted(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; stream.read_u8().await.unwrap().into()];
    stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads a CONNECT request; returns its lines.
async fn http_connect(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    // The header ends here; a first byte of the server's must not be swallowed.
    stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await.unwrap();
    String::from_utf8(request).unwrap().trim_end().replace("\r\n", "|")
}

async fn path_of(network: &Network, server: &str, plane: Plane) -> Result<String, ConnectTrouble> {
    let mut socket = network.open(server, plane).await?;
    let first = socket.next().await.unwrap().unwrap();
    Ok(String::from_utf8(first.into_data().to_vec()).unwrap())
}

async fn trouble(network: &Network, server: &str) -> ConnectTrouble {
    path_of(network, server, Plane::Topic).await.expect_err("connected")
}

#[tokio::test]
async fn each_plane_has_its_own_endpoint() {
    let server = format!("http://127.0.0.1:{}", plain_server().await);
    let direct = Network::direct();
    assert_eq!(path_of(&direct, &server, Plane::Account).await.unwrap(), "/v1/account");
    assert_eq!(path_of(&direct, &server, Plane::Topic).await.unwrap(), "/v1/topic");
    let by_name = server.replace("127.0.0.1", "localhost");
    assert_eq!(path_of(&direct, &by_name, Plane::Topic).await.unwrap(), "/v1/topic");
}

#[tokio::test]
async fn socks_gets_names_and_numbers_and_a_login_of_its_own_for_each_plane() {
    let port = plain_server().await;
    let proxy = RecordingProxy::leading_to(port, Kind::Socks5).await;
    let network = Network::direct().through(format!("socks5h://127.0.0.1:{}", proxy.port).parse().unwrap());
    // Even a server on this machine is reached through the proxy only.
    let server = format!("http://127.0.0.1:{port}");
    path_of(&network, &server, Plane::Account).await.unwrap();
    path_of(&network, &server, Plane::Topic).await.unwrap();
    // Plain HTTP is fine where the address itself is the server's key.
    path_of(&network, "http://sottoexample.onion:81", Plane::Topic).await.unwrap();
    assert_eq!(
        proxy.asked(),
        [
            format!("sotto-account@ip:127.0.0.1:{port}"),
            format!("sotto-topic@ip:127.0.0.1:{port}"),
            "sotto-topic@name:sottoexample.onion:81".to_owned(),
        ]
    );
}

#[tokio::test]
async fn tls_through_a_proxy_never_resolves_the_name_here() {
    let dir = tempfile::tempdir().unwrap();
    let (port, ca_file) = tls_server(dir.path()).await;
    let server = "https://sotto.test";
    assert!(
        tokio::net::lookup_host(("sotto.test", 443)).await.is_err(),
        "the name means nothing outside the proxy"
    );
    let socks = RecordingProxy::leading_to(port, Kind::Socks5).await;
    let network = Network::direct()
        .through(format!("socks5h://jo:secret@127.0.0.1:{}", socks.port).parse().unwrap())
        .trusting(&ca_file)
        .unwrap();
    assert_eq!(path_of(&network, server, Plane::Topic).await.unwrap(), "/v1/topic");
    assert_eq!(socks.asked(), ["jo@name:sotto.test:443"]);
    let http = RecordingProxy::leading_to(port, Kind::HttpConnect).await;
    let network = Network::direct()
        .through(format!("http://jo:secret@127.0.0.1:{}", http.port).parse().unwrap())
        .trusting(&ca_file)
        .unwrap();
    assert_eq!(path_of(&network, server, Plane::Account).await.unwrap(), "/v1/account");
    let basic = data_encoding::BASE64.encode(b"jo:secret");
    assert_eq!(
        http.asked(),
        [format!("CONNECT sotto.test:443 HTTP/1.1|Host: sotto.test:443|Proxy-Authorization: Basic {basic}")]
    );
}

#[tokio::test]
async fn a_proxy_that_is_down_is_not_gone_around() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let network = Network::direct().through(format!("socks5h://{unused}").parse().unwrap());
    assert_eq!(trouble(&network, &server).await, ConnectTrouble::ProxyUnreachable);
    let nobody_came =
        std::future::poll_fn(|context| std::task::Poll::Ready(listener.poll_accept(context).is_pending()));
    assert!(nobody_came.await);
}

#[tokio::test]
async fn a_refusing_proxy_is_quoted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        }
    });
    let network = Network::direct().through(format!("http://{at}").parse().unwrap());
    let refused = ConnectTrouble::ProxyRefused { reason: "HTTP status 407".to_owned() };
    assert_eq!(trouble(&network, "https://sotto.test").await, refused);
}

#[tokio::test]
async fn an_unknown_authority_and_a_wrong_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (port, ca_file) = tls_server(dir.path()).await;
    let server = format!("https://localhost:{port}");
    assert!(matches!(trouble(&Network::direct(), &server).await, ConnectTrouble::Tls { .. }));
    let trusting = Network::direct().trusting(&ca_file).unwrap();
    let ConnectTrouble::Tls { reason } = trouble(&trusting, &server).await else { panic!("not about TLS") };
    assert!(reason.contains("not valid for name"), "{reason}");
}

#[tokio::test]
async fn a_file_without_a_certificate_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, "not a certificate").unwrap();
    assert!(matches!(Network::direct().trusting(&file), Err(CaFileError::NoCertificate)));
    assert!(matches!(Network::direct().trusting(&dir.path().join("none")), Err(CaFileError::Io(_))));
}

#[tokio::test]
async fn plain_http_leaves_this_machine_for_no_proxy_and_no_name() {
    let direct = Network::direct();
    assert_eq!(trouble(&direct, "http://sotto.test").await, ConnectTrouble::PlainRefused);
    assert_eq!(trouble(&direct, "http://sottoexample.onion").await, ConnectTrouble::PlainRefused);
    let proxy = RecordingProxy::leading_to(plain_server().await, Kind::HttpConnect).await;
    let network = Network::direct().through(format!("http://127.0.0.1:{}", proxy.port).parse().unwrap());
    assert_eq!(trouble(&network, "http://sotto.test").await, ConnectTrouble::PlainRefused);
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn what_is_no_sotto_server_is_called_that() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
            let _ = stream.read_u8().await;
        }
    });
    assert_eq!(trouble(&Network::direct(), &server).await, ConnectTrouble::NotSotto { status: 404 });
    assert_eq!(trouble(&Network::direct(), "not a server").await, ConnectTrouble::ServerAddress);
    let refused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(trouble(&Network::direct(), &format!("http://{refused}")).await, ConnectTrouble::Refused);
}

#[tokio::test]
async fn a_message_over_the_maximum_is_malformed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let _ = socket.send(Message::binary(vec![0; FRAME_BYTES_MAX + 1])).await;
    });
    let mut socket = Network::direct().open(&server, Plane::Topic).await.unwrap();
    let error = socket.next().await.unwrap().unwrap_err();
    assert_eq!(ConnectTrouble::from_websocket(&error), ConnectTrouble::Malformed);
}

#[tokio::test]
async fn an_address_that_does_not_answer_does_not_keep_the_others_from_answering() {
    let port = plain_server().await;
    let good = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    // A listener with a full queue takes no more connections and does not refuse them either.
    let swallowing = tokio::net::TcpSocket::new_v4().unwrap();
    swallowing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let swallowing = swallowing.listen(1).unwrap();
    let silent = swallowing.local_addr().unwrap();
    let _queued = futures_util::future::join_all((0..2).map(|_| TcpStream::connect(silent))).await;
    assert!(first_to_answer(vec![unused, silent, good]).await.is_ok());
    assert_eq!(first_to_answer(vec![unused]).await.unwrap_err(), ConnectTrouble::Refused);
    assert_eq!(first_to_answer(Vec::new()).await.unwrap_err(), ConnectTrouble::NameUnknown);
}

#[test]
fn families_of_addresses_take_turns() {
    let [a, b, c]: [SocketAddr; 3] = ["[::1]:1", "[::2]:1", "[::3]:1"].map(|text| text.parse().unwrap());
    let v4: SocketAddr = "127.0.0.1:1".parse().unwrap();
    assert_eq!(families_in_turn(vec![a, b, c, v4]), [a, v4, b, c]);
    assert_eq!(families_in_turn(vec![v4, a, b]), [v4, a, b]);
    assert_eq!(families_in_turn(Vec::new()), []);
}
