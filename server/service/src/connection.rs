//! The seam with the transport: which connection a frame came from or goes to, and what to do after it left.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;

/// One WebSocket, numbered by the transport; never reused while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Which kind of connection it is: they never mix, protocol §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plane {
    /// Authenticated by a device signature.
    Account,
    /// Without any identity.
    Topic,
}

/// What the transport does after a frame left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Keep,
    /// Calls [`Service::writable`](crate::Service::writable) once this frame, and with it everything queued before it, has been
    /// handed to the socket: the service has more for this connection or soon will. This is the only time a call is owed.
    Ask,
    /// Closes the connection.
    Close,
}

/// One frame for one connection. Frames of one connection leave in the order they were returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where it goes.
    pub connection: ConnectionId,
    /// The whole binary WebSocket message; cheap to clone, shared among followers of a topic.
    pub frame: Bytes,
    /// What follows.
    pub then: Then,
}

/// The network a connection comes from, coarse enough to be shared: an IPv4 /24 or an IPv6 /48.
///
/// Lives in memory only, for the limits on open registration (protocol §3); it never prints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressPrefix([u8; 7]);

impl From<IpAddr> for AddressPrefix {
    fn from(address: IpAddr) -> Self {
        let mut prefix = [0; 7];
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                prefix[0] = 4;
                prefix[1..4].copy_from_slice(&v4.octets()[..3]);
            }
            IpAddr::V6(v6) => {
                prefix[0] = 6;
                prefix[1..].copy_from_slice(&v6.octets()[..6]);
            }
        }
        Self(prefix)
    }
}

impl fmt::Debug for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressPrefix")
    }
}
