//! One message: its content, the franking beside it, what MLS authenticates with it.

use std::fmt;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::Reason;
use crate::fields::{at_most_bytes, decode, filled, fixed, minute, present, seq};
use crate::ids::{
    Chain, ConversationPseudonym, DisplayName, FrankingKey, MessageId, Millis, Minute, Seq, Signature,
    StatementHash,
};
use crate::limits::{
    AUTHENTICATED_DATA_BYTES_MAX, CONTENT_VERSION, MILLIS_MAX, PAYLOAD_BYTES_MAX, TEXT_BYTES_MAX,
};
use crate::proto;
use crate::signed::{Pin, pin};

/// Plaintext of an MLS application message: the content as the exact bytes that were committed to, and what proves
/// later who wrote them.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationPayload {
    /// [`Content`], encoded; read it with [`Content::parse`].
    pub content: Bytes,
    /// Opens and signs the commitment to it.
    pub franking: Franking,
}

/// Protocol §9: `C = HMAC-SHA-256(key, content ‖ context)`, signed by the sending device.
#[derive(Clone, PartialEq, Eq)]
pub struct Franking {
    /// `k_f`: opens the commitment.
    pub key: FrankingKey,
    /// Stands for the conversation without naming it.
    pub conversation: ConversationPseudonym,
    /// When it was written, by the sender's clock.
    pub minute: Minute,
    /// By the sending device's key.
    pub signature: Signature,
}

/// What one message says.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The same across retries and legs.
    pub message_id: MessageId,
    /// The sender's clock.
    pub sent_at: Millis,
    /// The sender's display name, when it is new to this conversation.
    pub sender_name: Option<DisplayName>,
    /// The message itself.
    pub body: Body,
}

/// The message itself.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// A text, not empty.
    Text(String),
    /// Only the sender's name is new.
    ProfileChanged,
    /// Of a kind or version that only newer clients know: kept whole, to be read after an update.
    Unknown(UnknownBody),
}

/// A content this version cannot read, byte for byte as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownBody(Bytes);

impl UnknownBody {
    /// The whole [`Content`], to be given to a newer [`Content::parse`].
    pub const fn content(&self) -> &Bytes {
        &self.0
    }
}

impl ApplicationPayload {
    /// Reads the plaintext of an MLS application message.
    ///
    /// # Errors
    /// When it is no payload or a field breaks its limits.
    pub fn parse(plaintext: &Bytes) -> Result<Self, Reason> {
        let message: proto::ApplicationPayload = decode("payload", plaintext, PAYLOAD_BYTES_MAX)?;
        Ok(Self {
            content: filled("content", message.content, PAYLOAD_BYTES_MAX)?,
            franking: Franking::try_from(&present("franking", message.franking)?)?,
        })
    }

    /// The plaintext that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        let franking = Some((&self.franking).into());
        proto::ApplicationPayload { content: self.content.clone(), franking }.encode_to_vec().into()
    }
}

impl TryFrom<&proto::Franking> for Franking {
    type Error = Reason;

    fn try_from(m: &proto::Franking) -> Result<Self, Reason> {
        Ok(Self {
            key: fixed(&m.key)?,
            conversation: fixed(&m.conversation_pseudonym)?,
            minute: minute(m.minute)?,
            signature: fixed(&m.signature)?,
        })
    }
}

impl From<&Franking> for proto::Franking {
    fn from(franking: &Franking) -> Self {
        Self {
            key: (&franking.key).into(),
            conversation_pseudonym: franking.conversation.into(),
            minute: franking.minute.0,
            signature: franking.signature.into(),
        }
    }
}

impl Content {
    /// Reads the bytes that were committed to. Of a newer version only what every version has is read.
    ///
    /// # Errors
    /// When they are no content or a field breaks its limits.
    pub fn parse(bytes: &Bytes) -> Result<Self, Reason> {
        let message: proto::Content = decode("content", bytes, PAYLOAD_BYTES_MAX)?;
        let known = match message.version {
            0 => return Err(Reason::Version { what: "content", found: 0 }),
            CONTENT_VERSION => Body::read(message.body)?,
            _ => None,
        };
        Ok(Self {
            message_id: fixed(&message.message_id)?,
            sent_at: millis(message.sent_at_ms)?,
            sender_name: DisplayName::parse_field(&message.sender_name)?,
            body: known.unwrap_or_else(|| Body::Unknown(UnknownBody(bytes.clone()))),
        })
    }

    /// The bytes that [`parse`](Self::parse) reads; an unknown body gives back the content it came in.
    pub fn encode(&self) -> Bytes {
        let body = match &self.body {
            Body::Text(text) => proto::content::Body::Text(proto::Text { text: text.clone() }),
            Body::ProfileChanged => proto::content::Body::ProfileChanged(proto::ProfileChanged {}),
            Body::Unknown(unknown) => return unknown.0.clone(),
        };
        let message = proto::Content {
            message_id: self.message_id.into(),
            version: CONTENT_VERSION,
            sent_at_ms: self.sent_at.0,
            sender_name: self.sender_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
            body: Some(body),
        };
        message.encode_to_vec().into()
    }
}

impl Body {
    /// `None` for a kind this version does not know.
    fn read(body: Option<proto::content::Body>) -> Result<Option<Self>, Reason> {
        Ok(match body {
            Some(proto::content::Body::Text(m)) => {
                at_most_bytes("text", m.text.len(), TEXT_BYTES_MAX)?;
                if m.text.is_empty() {
                    return Err(Reason::Missing { what: "text" });
                }
                Some(Self::Text(m.text))
            }
            Some(proto::content::Body::ProfileChanged(_)) => Some(Self::ProfileChanged),
            None => None,
        })
    }
}

// The clock of another device: any time, as long as arithmetic on it stays within 64 bits.
fn millis(value: u64) -> Result<Millis, Reason> {
    if value <= MILLIS_MAX { Ok(Millis(value)) } else { Err(Reason::OutOfRange { what: "time" }) }
}

/// MLS `authenticated_data` of every message, protocol §5: what the sender has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedData {
    /// Last entry of the topic the sender had processed.
    pub seq: Seq,
    /// Chain value there.
    pub chain: Chain,
    /// The sender's own device list.
    pub own_pin: Pin,
    /// Newest statement of the operator, if any was seen.
    pub statement: Option<StatementSeen>,
}

/// A statement of the operator, as a member remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementSeen {
    /// Its place in the log of statements; at least 1.
    pub index: u64,
    /// Its hash.
    pub hash: StatementHash,
}

impl AuthenticatedData {
    /// Reads the authenticated data of an MLS message.
    ///
    /// # Errors
    /// When it is none or a field breaks its limits.
    pub fn parse(bytes: &Bytes) -> Result<Self, Reason> {
        let message: proto::AuthenticatedData =
            decode("authenticated data", bytes, AUTHENTICATED_DATA_BYTES_MAX)?;
        Self::try_from(&message)
    }

    /// The bytes that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        proto::AuthenticatedData::from(self).encode_to_vec().into()
    }
}

impl TryFrom<&proto::AuthenticatedData> for AuthenticatedData {
    type Error = Reason;

    fn try_from(m: &proto::AuthenticatedData) -> Result<Self, Reason> {
        let statement = match (m.statement_index, m.statement_hash.is_empty()) {
            (0, true) => None,
            (0, false) => return Err(Reason::NotAllowed { what: "statement hash without an index" }),
            (index, _) => Some(StatementSeen { index, hash: fixed(&m.statement_hash)? }),
        };
        Ok(Self {
            seq: seq("seq", m.seq)?,
            chain: fixed(&m.chain)?,
            own_pin: pin(m.own_pin.as_ref())?,
            statement,
        })
    }
}

impl From<&AuthenticatedData> for proto::AuthenticatedData {
    fn from(data: &AuthenticatedData) -> Self {
        Self {
            seq: data.seq.0,
            chain: data.chain.into(),
            own_pin: Some(data.own_pin.into()),
            statement_index: data.statement.map_or(0, |statement| statement.index),
            statement_hash: data.statement.map(|statement| statement.hash.into()).unwrap_or_default(),
        }
    }
}

macro_rules! prints_its_name_only {
    ($($name:ident)+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )+};
}
// What people write never reaches a log through `{:?}`.
prints_its_name_only!(ApplicationPayload Franking Content Body UnknownBody);
