//! Why there is no connection: told to the person, never to the engine, which only knows "closed".

use std::io;

use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Error as WebSocketError;

/// What stood between this device and the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "trouble")]
pub enum ConnectTrouble {
    /// The server's address does not parse.
    #[error("the server's address is not an http:// or https:// URL")]
    ServerAddress,
    /// Plain HTTP to a machine that is not this one.
    #[error("plain http is only for this machine: use https")]
    PlainRefused,
    /// Nobody knows an address for the server's name.
    #[error("the server's name has no address")]
    NameUnknown,
    /// The machine is there, nothing listens.
    #[error("nothing listens at the server's address")]
    Refused,
    /// No way to the machine.
    #[error("there is no network route to the server")]
    Unreachable,
    /// No answer.
    #[error("the server did not answer in time")]
    TimedOut,
    /// TLS failed.
    #[error("no secure connection to the server: {reason}")]
    Tls {
        /// What rustls says; names certificates, never people.
        reason: String,
    },
    /// The proxy itself cannot be reached.
    #[error("the proxy cannot be reached")]
    ProxyUnreachable,
    /// The proxy is there, and does not connect.
    #[error("the proxy did not connect: {reason}")]
    ProxyRefused {
        /// What the proxy says.
        reason: String,
    },
    /// Something answers that is no Sotto server.
    #[error("what answers there is not a Sotto server (HTTP status {status})")]
    NotSotto {
        /// HTTP status.
        status: u16,
    },
    /// The connection was there and is gone.
    #[error("the connection to the server was lost")]
    Lost,
    /// The server closed the connection.
    #[error("the server closed the connection")]
    ClosedByServer,
    /// The other side broke the rules of WebSocket, or sent more than the maximum.
    #[error("the server sent what no Sotto server sends")]
    Malformed,
}

impl ConnectTrouble {
    pub(super) fn from_tcp(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Unreachable,
        }
    }

    /// What a WebSocket error says about the connection.
    pub(crate) fn from_websocket(error: &WebSocketError) -> Self {
        match error {
            WebSocketError::Http(response) => Self::NotSotto { status: response.status().as_u16() },
            WebSocketError::Io(_) => Self::Lost,
            WebSocketError::ConnectionClosed | WebSocketError::AlreadyClosed => Self::ClosedByServer,
            WebSocketError::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
                | tokio_tungstenite::tungstenite::error::ProtocolError::HandshakeIncomplete,
            ) => Self::Lost,
            _ => Self::Malformed,
        }
    }
}
