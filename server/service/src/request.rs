//! A frame as it came in: parsed on the transport's task, in parallel, before the one thread that owns the service
//! sees it.

use bytes::Bytes;
use sotto_wire::account::AccountCall;
use sotto_wire::topic::TopicCall;

use crate::connection::{ConnectionId, Plane};

pub use sotto_wire::ParseError;

/// A request whose fields have been checked.
#[derive(Debug)]
pub enum Request {
    /// From the account plane.
    Account(AccountCall),
    /// From the topic plane.
    Topic(TopicCall),
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
        match plane {
            Plane::Account => AccountCall::parse(&frame).map(Self::Account),
            Plane::Topic => TopicCall::parse(&frame).map(Self::Topic),
        }
    }
}
