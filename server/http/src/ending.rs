//! Why connections end, and what their peers are told.

use std::time::Duration;

use sotto_wire::proto::ErrorCode;

use crate::{
    limits::{LINGER_BRIEF, LINGER_MAX},
    metrics::Metrics,
    websocket::{CloseCode, Violation},
};

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// The peer sent a close frame.
    Left,
    /// The socket failed or ended.
    Lost,
    /// The peer broke the rules of WebSocket.
    Broke(Violation),
    /// The peer does not take what is sent to it, or takes forever to send one message.
    TooSlow,
    /// The peer shows no sign of life.
    Silent,
    /// The service sent its last frame.
    Dismissed,
    /// The server stops; every accepted request was answered.
    ShuttingDown,
    /// The service thread died; the process is about to end.
    Orphaned,
}

impl Ending {
    /// What the peer is told: an error frame of ours, if any, and a close code. Absent when nobody listens.
    pub(crate) fn last_words(self) -> Option<(Option<ErrorCode>, CloseCode)> {
        match self {
            Self::Lost | Self::Silent => None,
            Self::Left | Self::Dismissed => Some((None, CloseCode::Normal)),
            Self::Broke(Violation::TooLarge) => Some((Some(ErrorCode::TooLarge), CloseCode::TooBig)),
            Self::Broke(Violation::Text) => Some((Some(ErrorCode::Malformed), CloseCode::Unsupported)),
            Self::Broke(Violation::Framing) => Some((Some(ErrorCode::Malformed), CloseCode::ProtocolError)),
            Self::TooSlow => Some((Some(ErrorCode::TooSlow), CloseCode::PolicyViolation)),
            Self::ShuttingDown => Some((Some(ErrorCode::ShuttingDown), CloseCode::GoingAway)),
            Self::Orphaned => Some((Some(ErrorCode::Internal), CloseCode::InternalError)),
        }
    }

    /// How long to read on without looking, so that the peer can finish sending and then read why it is
    /// closed. A server that stops does not wait long for peers that have nothing to say.
    pub(crate) fn linger_max(self) -> Duration {
        match self {
            Self::Broke(_) | Self::TooSlow => LINGER_MAX,
            _ => LINGER_BRIEF,
        }
    }

    /// Adds to the numbers of connections the server ended.
    pub(crate) fn count(self, metrics: &Metrics) {
        match self {
            Self::Broke(Violation::TooLarge) => metrics.closed.too_large.add(1),
            Self::Broke(Violation::Text | Violation::Framing) => metrics.closed.malformed.add(1),
            Self::TooSlow => metrics.closed.too_slow.add(1),
            Self::Silent => metrics.closed.silent.add(1),
            Self::Left | Self::Lost | Self::Dismissed | Self::ShuttingDown | Self::Orphaned => {}
        }
    }
}
