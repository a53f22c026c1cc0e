//! How the transport behaves, and which combinations are refused.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::tls::Certificate;

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Serve TLS with this certificate.
    pub certificate: Option<Arc<Certificate>>,
    /// Who stands between peers and this server.
    pub proxy: Proxy,
    /// Who may read `/metrics`.
    pub metrics: MetricsAudience,
    /// Open connections at one time.
    pub connections_max: usize,
    /// Open connections at one time from one IPv4 /24 or IPv6 /48.
    pub connections_per_prefix_max: usize,
    /// Silence after which a peer is pinged; after twice as much it is given up.
    pub ping_after: Duration,
    /// Time without any progress after which a peer that does not read is closed.
    pub unwritable_max: Duration,
    /// Time for connections to end when the server stops.
    pub stop_within: Duration,
    /// Memory for large messages on their way in, of all connections together, in bytes.
    pub large_message_bytes: usize,
}

/// Who stands between peers and this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// Nobody: a peer's address is the one it connects from.
    None,
    /// A reverse proxy that does TLS and names the peer as the last address in `X-Forwarded-For`.
    Trusted,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAudience {
    /// Programs on this machine.
    Local,
    /// Everybody who reaches the server.
    Everyone,
    /// Nobody.
    Nobody,
}

/// Plain HTTP was asked for where others could read along.
#[derive(Debug, thiserror::Error)]
#[error(
    "refusing plain HTTP on {listen}, which other machines can reach: give a certificate (--tls-cert FILE \
     --tls-key FILE), or --behind-proxy when a reverse proxy does TLS, or listen on 127.0.0.1"
)]
pub struct PlainOnPublicAddress {
    /// The address in question.
    pub listen: SocketAddr,
}

impl Options {
    /// Whether these options may be used at all.
    ///
    /// # Errors
    /// When they would serve plain HTTP to other machines.
    pub fn check(&self) -> Result<(), PlainOnPublicAddress> {
        let listen = self.listen;
        let is_loopback = listen.ip().to_canonical().is_loopback();
        if is_loopback || self.certificate.is_some() || self.proxy == Proxy::Trusted {
            Ok(())
        } else {
            Err(PlainOnPublicAddress { listen })
        }
    }
}
