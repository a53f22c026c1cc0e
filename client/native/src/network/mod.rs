//! Reaching the server: straight or through a proxy, plain on loopback or TLS, and a WebSocket on top.
//!
//! With a proxy, nothing goes around it: neither a TCP connection nor a question for a name's address.

mod address;
mod proxy;
mod tls;
mod trouble;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::CertificateDer;
use sotto_engine::api::Plane;
use sotto_wire::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub use self::address::{ServerAddress, ServerAddressError};
#[cfg(feature = "fuzzing")]
pub(crate) use self::proxy::status as proxy_status;
pub use self::proxy::{Proxy, ProxyError};
pub use self::tls::CaFileError;
pub use self::trouble::ConnectTrouble;
use crate::limits::{CONNECT_TIME_MAX, CONNECT_TIME_PROXY_MAX, HEAD_START};

/// How connections are made; the same for both planes.
#[derive(Debug, Default)]
pub struct Network {
    proxy: Option<Proxy>,
    extra_roots: Vec<CertificateDer<'static>>,
}

/// Bytes both ways, whatever is underneath.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open plane.
pub(crate) type Socket = WebSocketStream<Box<dyn Stream>>;

impl Network {
    /// Straight connections; certificates as the platform judges them.
    pub fn direct() -> Self {
        Self::default()
    }

    /// Every connection through this proxy.
    #[must_use]
    pub fn through(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Also trusts the certificates in this PEM file, for private servers.
    ///
    /// # Errors
    /// When the file cannot be read or has no certificate.
    pub fn trusting(mut self, ca_file: &Path) -> Result<Self, CaFileError> {
        self.extra_roots.extend(tls::read_ca_file(ca_file)?);
        Ok(self)
    }

    /// The proxy, if any.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Opens one plane's WebSocket.
    pub(crate) async fn open(&self, server: &str, plane: Plane) -> Result<Socket, ConnectTrouble> {
        let server: ServerAddress = server.parse().map_err(|_| ConnectTrouble::ServerAddress)?;
        let time_max = if self.proxy.is_some() { CONNECT_TIME_PROXY_MAX } else { CONNECT_TIME_MAX };
        timeout(time_max, self.open_unhurried(&server, plane)).await.map_err(|_| ConnectTrouble::TimedOut)?
    }

    async fn open_unhurried(&self, server: &ServerAddress, plane: Plane) -> Result<Socket, ConnectTrouble> {
        if !server.is_tls() && !self.may_be_plain(server) {
            return Err(ConnectTrouble::PlainRefused);
        }
        let tcp: Box<dyn Stream> = match &self.proxy {
            Some(proxy) => Box::new(proxy.connect(server, plane).await?),
            None => Box::new(connect_directly(server).await?),
        };
        let stream: Box<dyn Stream> = if server.is_tls() {
            Box::new(tls::wrap(tcp, server, &self.extra_roots, self.proxy.is_some()).await?)
        } else {
            tcp
        };
        shake_hands(stream, server, plane).await
    }

    /// Without TLS only on loopback, or to an onion service, whose address is its key, through Tor.
    fn may_be_plain(&self, server: &ServerAddress) -> bool {
        server.is_loopback() || (server.is_onion() && matches!(self.proxy, Some(Proxy::Socks5h { .. })))
    }
}

async fn connect_directly(server: &ServerAddress) -> Result<TcpStream, ConnectTrouble> {
    let addresses = if server.is_localhost_name() {
        // Nobody's name server decides what this name means (RFC 6761).
        vec![(Ipv4Addr::LOCALHOST, server.port()).into(), (Ipv6Addr::LOCALHOST, server.port()).into()]
    } else {
        let found = tokio::net::lookup_host((server.host(), server.port())).await;
        found.map_err(|_| ConnectTrouble::NameUnknown)?.collect()
    };
    let stream = first_to_answer(addresses).await?;
    // Small frames should leave at once; without it they leave all the same.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Tries the addresses side by side, each a little after the one before (RFC 8305): one that swallows packets, as a
/// broken IPv6 route does, costs a moment and not the connection.
async fn first_to_answer(addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectTrouble> {
    let mut waiting = families_in_turn(addresses).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut trouble = ConnectTrouble::NameUnknown;
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(TcpStream::connect(address));
        }
        let is_last = waiting.len() == 0;
        tokio::select! {
            answered = attempts.next() => match answered {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => trouble = ConnectTrouble::from_tcp(&error),
                None => return Err(trouble),
            },
            () = tokio::time::sleep(HEAD_START), if !is_last => {}
        }
    }
}

/// The resolver's order, the two families taking turns.
fn families_in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut turns = Vec::new();
    for address in first {
        turns.push(address);
        turns.extend(second.next());
    }
    turns.extend(second);
    turns
}

async fn shake_hands(
    stream: Box<dyn Stream>,
    server: &ServerAddress,
    plane: Plane,
) -> Result<Socket, ConnectTrouble> {
    let path = match plane {
        Plane::Account => "account",
        Plane::Topic => "topic",
    };
    let scheme = if server.is_tls() { "wss" } else { "ws" };
    let request = format!("{scheme}://{}/v1/{path}", server.authority())
        .into_client_request()
        .map_err(|_| ConnectTrouble::ServerAddress)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let (socket, _response) = tokio_tungstenite::client_async_with_config(request, stream, Some(config))
        .await
        .map_err(|error| ConnectTrouble::from_websocket(&error))?;
    Ok(socket)
}
