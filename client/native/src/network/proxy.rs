//! Proxies: SOCKS5 with names resolved by the proxy (Tor), and HTTP CONNECT.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use sotto_engine::api::Plane;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_socks::TargetAddr;
use tokio_socks::tcp::Socks5Stream;
use url::Url;

use super::{ConnectTrouble, ServerAddress};
use crate::limits::PROXY_ANSWER_BYTES_MAX;

/// Where every connection goes first.
#[derive(Clone, PartialEq, Eq)]
pub enum Proxy {
    /// `socks5h://[user:password@]host:port`.
    Socks5h {
        /// Host and port.
        at: (String, u16),
        /// User and password.
        login: Option<(String, String)>,
    },
    /// `http://[user:password@]host:port`.
    HttpConnect {
        /// Host and port.
        at: (String, u16),
        /// User and password.
        login: Option<(String, String)>,
    },
}

/// Why a text names no proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not a proxy URL with host and port.
    #[error("a proxy looks like socks5h://127.0.0.1:9050 or http://proxy.example.org:3128")]
    NotAProxy,
    /// `socks5://` asks the local resolver for the server's name.
    #[error("socks5:// would look up names outside the proxy: write socks5h://")]
    ResolvesOutside,
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let url = Url::parse(text.trim()).map_err(|_| ProxyError::NotAProxy)?;
        let default_port = match url.scheme() {
            "socks5h" => 1080,
            "http" => 80,
            "socks5" => return Err(ProxyError::ResolvesOutside),
            _ => return Err(ProxyError::NotAProxy),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ProxyError::NotAProxy)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError::NotAProxy);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let at = (host, url.port().unwrap_or(default_port));
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decode(user)?, decode(password.unwrap_or_default())?)),
        };
        Ok(if url.scheme() == "http" { Self::HttpConnect { at, login } } else { Self::Socks5h { at, login } })
    }
}

/// Undoes the URL's percent-encoding.
fn decode(text: &str) -> Result<String, ProxyError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                bytes.extend(hex::decode([*high, *low]).map_err(|_| ProxyError::NotAProxy)?);
                rest = after;
            }
            (byte, after) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| ProxyError::NotAProxy)
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, (host, port)) = match self {
            Self::Socks5h { at, .. } => ("socks5h", at),
            Self::HttpConnect { at, .. } => ("http", at),
        };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

// User and password stay out of logs.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy")
    }
}

impl Proxy {
    /// A TCP connection to the server, made by the proxy.
    pub(super) async fn connect(
        &self,
        server: &ServerAddress,
        plane: Plane,
    ) -> Result<TcpStream, ConnectTrouble> {
        let (Self::Socks5h { at, .. } | Self::HttpConnect { at, .. }) = self;
        let stream =
            TcpStream::connect((at.0.as_str(), at.1)).await.map_err(|_| ConnectTrouble::ProxyUnreachable)?;
        // Small frames should leave at once; without it they leave all the same.
        let _ = stream.set_nodelay(true);
        match self {
            Self::Socks5h { login, .. } => socks5(stream, login.as_ref(), server, plane).await,
            Self::HttpConnect { login, .. } => http_connect(stream, login.as_ref(), server).await,
        }
    }
}

async fn socks5(
    stream: TcpStream,
    login: Option<&(String, String)>,
    server: &ServerAddress,
    plane: Plane,
) -> Result<TcpStream, ConnectTrouble> {
    // Tor gives connections with different logins different circuits: the two planes never share one.
    let isolating = match plane {
        Plane::Account => ("sotto-account", "0"),
        Plane::Topic => ("sotto-topic", "0"),
    };
    let (user, password) = login.map_or(isolating, |(user, password)| (user, password));
    let connected =
        Socks5Stream::connect_with_password_and_socket(stream, target(server), user, password).await;
    connected.map(Socks5Stream::into_inner).map_err(|error| match error {
        tokio_socks::Error::HostUnreachable => ConnectTrouble::NameUnknown,
        tokio_socks::Error::NetworkUnreachable => ConnectTrouble::Unreachable,
        tokio_socks::Error::ConnectionRefused => ConnectTrouble::Refused,
        other => ConnectTrouble::ProxyRefused { reason: other.to_string() },
    })
}

/// The server as the proxy is told: a name stays a name.
fn target(server: &ServerAddress) -> TargetAddr<'_> {
    match server.host().parse() {
        Ok(ip) if !server.is_name() => TargetAddr::Ip(std::net::SocketAddr::new(ip, server.port())),
        _ => TargetAddr::Domain(server.host().into(), server.port()),
    }
}

async fn http_connect(
    mut stream: TcpStream,
    login: Option<&(String, String)>,
    server: &ServerAddress,
) -> Result<TcpStream, ConnectTrouble> {
    let host = server.host();
    let to = if host.contains(':') {
        format!("[{host}]:{}", server.port())
    } else {
        format!("{host}:{}", server.port())
    };
    let login = login.map_or_else(String::new, |(user, password)| {
        format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(format!("{user}:{password}").as_bytes()))
    });
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{login}\r\n");
    let lost = |_| ConnectTrouble::ProxyRefused { reason: "it closed the connection".to_owned() };
    stream.write_all(request.as_bytes()).await.map_err(lost)?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the header belongs to the server.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == PROXY_ANSWER_BYTES_MAX {
            return Err(ConnectTrouble::ProxyRefused { reason: "it answers without end".to_owned() });
        }
        answer.push(stream.read_u8().await.map_err(lost)?);
    }
    match status(&answer) {
        Some(200..=299) => Ok(stream),
        Some(status) => Err(ConnectTrouble::ProxyRefused { reason: format!("HTTP status {status}") }),
        None => Err(ConnectTrouble::ProxyRefused { reason: "it is no HTTP proxy".to_owned() }),
    }
}

/// `HTTP/1.1 200 …` → 200.
pub(crate) fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_parse_with_their_logins() {
        let tor: Proxy = "socks5h://127.0.0.1:9050".parse().unwrap();
        assert_eq!(tor, Proxy::Socks5h { at: ("127.0.0.1".into(), 9050), login: None });
        let office: Proxy = "http://jo:p%40ss@proxy.example.org:3128".parse().unwrap();
        let login = Some(("jo".to_owned(), "p@ss".to_owned()));
        assert_eq!(office, Proxy::HttpConnect { at: ("proxy.example.org".into(), 3128), login });
        assert_eq!(office.to_string(), "http://proxy.example.org:3128", "no password on the screen");
        assert_eq!(format!("{office:?}"), "Proxy");
        assert_eq!("socks5h://[::1]".parse::<Proxy>().unwrap().to_string(), "socks5h://[::1]:1080");
    }

    #[test]
    fn a_proxy_that_would_leak_names_is_refused() {
        assert_eq!("socks5://127.0.0.1:9050".parse::<Proxy>(), Err(ProxyError::ResolvesOutside));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["127.0.0.1:9050", "https://p", "http://", "http://p/path", "socks5h://u:%zz@p", ""] {
            assert_eq!(text.parse::<Proxy>(), Err(ProxyError::NotAProxy), "{text}");
        }
    }

    #[test]
    fn a_status_line_is_read_strictly() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407 \r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(status(b"\r\n\r\n"), None);
    }
}
