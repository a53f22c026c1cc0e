//! One WebSocket to a server without any client behind it: sends what no client would.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use prost::Message as _;
use sotto_wire::proto::{self, account_frame, topic_frame, topic_request, topic_response};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::wait::PATIENCE;

/// The two kinds of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// `/v1/account`
    Account,
    /// `/v1/topic`
    Topic,
}

impl Plane {
    /// Where it is served.
    pub fn path(self) -> &'static str {
        match self {
            Self::Account => "/v1/account",
            Self::Topic => "/v1/topic",
        }
    }
}

/// What the server said last, or how it ended the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A binary message.
    Frame(Bytes),
    /// It closed the connection.
    Closed,
}

/// An open connection.
pub struct RawPlane {
    plane: Plane,
    socket: WebSocket<TcpStream>,
    hello: proto::Hello,
    last_id: u32,
}

impl RawPlane {
    /// Connects and hears Hello.
    ///
    /// # Errors
    /// When the server does not say it.
    pub fn connect(server: SocketAddr, plane: Plane) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let url = format!("ws://{server}{}", plane.path());
        let (socket, _) = tungstenite::client(url, stream).context("the WebSocket's handshake")?;
        let mut raw = Self { plane, socket, hello: proto::Hello::default(), last_id: 0 };
        let Said::Frame(frame) = raw.hear()? else { bail!("closed without Hello") };
        let hello = match plane {
            Plane::Account => match proto::AccountFrame::decode(frame)?.frame {
                Some(account_frame::Frame::Hello(hello)) => Some(hello),
                _ => None,
            },
            Plane::Topic => match proto::TopicFrame::decode(frame)?.frame {
                Some(topic_frame::Frame::Hello(hello)) => Some(hello),
                _ => None,
            },
        };
        raw.hello = hello.context("the first frame is not Hello")?;
        Ok(raw)
    }

    /// What the server said first.
    pub fn hello(&self) -> &proto::Hello {
        &self.hello
    }

    /// Sends bytes as one binary message. A server may close before it has read all of them.
    ///
    /// # Errors
    /// When the connection breaks in another way.
    pub fn send(&mut self, bytes: impl Into<Bytes>) -> anyhow::Result<()> {
        self.send_message(Message::Binary(bytes.into()))
    }

    /// Sends any message.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_message(&mut self, message: Message) -> anyhow::Result<()> {
        match self.socket.send(message) {
            Err(error) if !is_end(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The stream underneath, for bytes that are no WebSocket.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// The next thing the server says.
    ///
    /// # Errors
    /// When it says nothing for long, or something that is no binary message.
    pub fn hear(&mut self) -> anyhow::Result<Said> {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(frame)) => return Ok(Said::Frame(frame)),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) => return Ok(Said::Closed),
                Ok(other) => bail!("the server said {other:?}"),
                Err(error) if is_end(&error) => return Ok(Said::Closed),
                Err(error) => return Err(error).context("hearing the server"),
            }
        }
    }

    /// The error that answers what was sent last: of the whole connection, or of request `id`.
    ///
    /// # Errors
    /// When the server answers with something else, or closes in silence.
    pub fn hear_error(&mut self) -> anyhow::Result<proto::ErrorCode> {
        let Said::Frame(frame) = self.hear()? else { bail!("closed without a word") };
        let error = match self.plane {
            Plane::Account => match proto::AccountFrame::decode(frame)?.frame {
                Some(account_frame::Frame::Closing(error)) => Some(error),
                Some(account_frame::Frame::Response(response)) => match response.response {
                    Some(proto::account_response::Response::Error(error)) => Some(error),
                    other => bail!("not an error: {other:?}"),
                },
                _ => None,
            },
            Plane::Topic => match proto::TopicFrame::decode(frame)?.frame {
                Some(topic_frame::Frame::Closing(error)) => Some(error),
                Some(topic_frame::Frame::Response(response)) => match response.response {
                    Some(topic_response::Response::Error(error)) => Some(error),
                    other => bail!("not an error: {other:?}"),
                },
                _ => None,
            },
        };
        Ok(error.context("not an error")?.code())
    }

    /// One request on the topic plane and its answer; what is streamed meanwhile is passed over.
    ///
    /// # Errors
    /// When the server closes instead.
    pub fn ask(&mut self, request: topic_request::Request) -> anyhow::Result<topic_response::Response> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(proto::TopicRequest { id, request: Some(request) }.encode_to_vec())?;
        loop {
            let Said::Frame(frame) = self.hear()? else { bail!("closed instead of an answer") };
            match proto::TopicFrame::decode(frame)?.frame {
                Some(topic_frame::Frame::Response(response)) if response.id == id => {
                    return response.response.context("an empty answer");
                }
                Some(topic_frame::Frame::Closing(error)) => bail!("closed: {:?}", error.code()),
                _ => {}
            }
        }
    }

    /// [`ask`](Self::ask) for a request that must be refused: with which code?
    ///
    /// # Errors
    /// When it is not refused.
    pub fn ask_refused(&mut self, request: topic_request::Request) -> anyhow::Result<proto::ErrorCode> {
        match self.ask(request)? {
            topic_response::Response::Error(error) => Ok(error.code()),
            other => bail!("not refused: {other:?}"),
        }
    }
}

fn is_end(error: &tungstenite::Error) -> bool {
    match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => true,
        tungstenite::Error::Io(error) => {
            matches!(
                error.kind(),
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof
            )
        }
        tungstenite::Error::Protocol(problem) => {
            *problem == tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
                || *problem == tungstenite::error::ProtocolError::SendAfterClosing
        }
        _ => false,
    }
}
