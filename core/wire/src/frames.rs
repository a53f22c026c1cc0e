//! What both planes share: the server's greeting and its refusals.

use std::time::Duration;

use crate::error::Reason;
use crate::fields::{fixed, minute, present};
use crate::ids::{HelloNonce, Host, Minute, PublicKey};
use crate::limits::{PROTOCOL, PROTOCOL_MIN, RETRY_AFTER_MS_MAX, SOFTWARE_BYTES_MAX, WORK_BITS_MAX};
use crate::proto::{self, ErrorCode, RegistrationMode};

/// First frame on every connection, from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Newest protocol the server speaks.
    pub protocol: u32,
    /// Oldest it still accepts.
    pub protocol_min: u32,
    /// Signed by an authenticating device.
    pub nonce: HelloNonce,
    /// The server's clock.
    pub minute: Minute,
    /// Signs every receipt of this server.
    pub log_key: PublicKey,
    /// Public name of this server.
    pub host: Host,
    /// Who may register here.
    pub registration: Registration,
    /// Name and version of the server's software, printable ASCII.
    pub software: String,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Whoever brings this much proof of work.
    Open {
        /// Leading zero bits of [`work`](crate::digest::work).
        work_bits: u32,
    },
    /// Whoever holds an invitation.
    Invite,
    /// Nobody.
    Closed,
}

/// The server's protocol range and ours do not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incompatible {
    /// This client is too old for the server.
    #[error("the server needs protocol {server_min} or newer, this client speaks up to {PROTOCOL}")]
    ServerNewer {
        /// Oldest protocol the server accepts.
        server_min: u32,
    },
    /// The server is too old for this client.
    #[error("the server speaks protocol up to {server_max}, this client needs {PROTOCOL_MIN} or newer")]
    ServerOlder {
        /// Newest protocol the server speaks.
        server_max: u32,
    },
}

impl Hello {
    /// The greeting, or why the two sides cannot talk; that is known before any other field is looked at.
    pub(crate) fn parse(hello: &proto::Hello) -> Result<Result<Self, Incompatible>, Reason> {
        if hello.protocol == 0 || hello.protocol_min == 0 || hello.protocol < hello.protocol_min {
            return Err(Reason::OutOfRange { what: "protocol" });
        }
        if hello.protocol_min > PROTOCOL {
            return Ok(Err(Incompatible::ServerNewer { server_min: hello.protocol_min }));
        }
        if hello.protocol < PROTOCOL_MIN {
            return Ok(Err(Incompatible::ServerOlder { server_max: hello.protocol }));
        }
        Ok(Ok(Self {
            protocol: hello.protocol,
            protocol_min: hello.protocol_min,
            nonce: fixed(&hello.nonce)?,
            minute: minute(hello.minute)?,
            log_key: fixed(&hello.log_key)?,
            host: Host::parse(&hello.host)?,
            registration: Registration::parse(present("registration", hello.registration.as_ref())?)?,
            software: software(&hello.software)?,
        }))
    }

    pub(crate) fn to_proto(&self) -> proto::Hello {
        proto::Hello {
            protocol: self.protocol,
            protocol_min: self.protocol_min,
            nonce: self.nonce.into(),
            minute: self.minute.0,
            log_key: self.log_key.into(),
            host: self.host.as_str().to_owned(),
            registration: Some(self.registration.to_proto()),
            software: self.software.clone(),
        }
    }
}

impl Registration {
    fn parse(registration: &proto::Registration) -> Result<Self, Reason> {
        match RegistrationMode::try_from(registration.mode) {
            Ok(RegistrationMode::Open) if registration.work_bits <= WORK_BITS_MAX => {
                Ok(Self::Open { work_bits: registration.work_bits })
            }
            Ok(RegistrationMode::Open) => Err(Reason::OutOfRange { what: "work bits" }),
            Ok(RegistrationMode::Invite) => Ok(Self::Invite),
            Ok(RegistrationMode::Closed) => Ok(Self::Closed),
            Ok(RegistrationMode::Unspecified) => Err(Reason::Missing { what: "registration mode" }),
            Err(_) => Err(Reason::Unknown { what: "registration mode" }),
        }
    }

    fn to_proto(self) -> proto::Registration {
        let (mode, work_bits) = match self {
            Self::Open { work_bits } => (RegistrationMode::Open, work_bits),
            Self::Invite => (RegistrationMode::Invite, 0),
            Self::Closed => (RegistrationMode::Closed, 0),
        };
        proto::Registration { mode: mode.into(), work_bits }
    }
}

// It may end up on a terminal: nothing in it can move the cursor.
fn software(text: &str) -> Result<String, Reason> {
    crate::fields::at_most_bytes("software", text.len(), SOFTWARE_BYTES_MAX)?;
    let printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if printable { Ok(text.to_owned()) } else { Err(Reason::Text { what: "software" }) }
}

/// The server says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server refused: {}", self.code.as_str_name())]
pub struct Refusal {
    /// Why. A code this version does not know reads as [`ErrorCode::Unspecified`].
    pub code: ErrorCode,
    /// When to try again, if the server said so.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that says nothing about when to try again.
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, retry_after: None }
    }

    /// A refusal that says when to try again.
    pub const fn until(code: ErrorCode, retry_after: Duration) -> Self {
        Self { code, retry_after: Some(retry_after) }
    }

    // A lying server can refuse for ever, but not make a client wait for ever on one answer.
    pub(crate) fn parse(error: &proto::Error) -> Self {
        let wait = error.retry_after_ms.min(RETRY_AFTER_MS_MAX);
        Self {
            code: ErrorCode::try_from(error.code).unwrap_or(ErrorCode::Unspecified),
            retry_after: (wait > 0).then(|| Duration::from_millis(wait)),
        }
    }

    pub(crate) fn to_proto(self) -> proto::Error {
        let wait = self.retry_after.map_or(0, |wait| wait.as_millis().min(RETRY_AFTER_MS_MAX.into()));
        proto::Error { code: self.code.into(), retry_after_ms: wait as u64 }
    }
}
