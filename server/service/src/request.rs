//! A frame as it came in: parsed on the transport's task, in parallel, before the one thread that owns the service sees it.

use bytes::Bytes;
use sotto_wire::proto;

use crate::connection::{ConnectionId, Plane};

/// A request whose fields have been checked.
#[derive(Debug)]
pub enum Request {
    /// From the account plane.
    Account(proto::AccountRequest),
    /// From the topic plane.
    Topic(proto::TopicRequest),
}

/// Why a frame is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("request refused: {code:?}")]
pub struct ParseError {
    /// Which request to answer, if so much could be read.
    pub id: Option<u32>,
    /// What the peer is told.
    pub code: proto::ErrorCode,
}

/// One frame, with the connection it came from.
#[derive(Debug)]
pub struct Received {
    /// Where the answer goes.
    pub connection: ConnectionId,
    /// The request, or why it is none; the service answers either.
    pub request: Result<Request, ParseError>,
}

impl Request {
    /// Parses one binary WebSocket message that arrived on `plane`.
    ///
    /// # Errors
    /// When the bytes are no frame of that plane or a field breaks a limit.
    pub fn parse(plane: Plane, frame: Bytes) -> Result<Self, ParseError> {
        use prost::Message as _;
        let malformed = |_| ParseError { id: None, code: proto::ErrorCode::Malformed };
        match plane {
            Plane::Account => proto::AccountRequest::decode(frame).map(Self::Account).map_err(malformed),
            Plane::Topic => proto::TopicRequest::decode(frame).map(Self::Topic).map_err(malformed),
        }
    }
}
