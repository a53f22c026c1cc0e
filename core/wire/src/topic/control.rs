//! Actions on a topic itself: rotation, control keys, time-to-live, closing, protocol §4.

use prost::Message;
use prost::bytes::Bytes;

use crate::error::Reason;
use crate::fields::{at_most_items, decode, distinct, fixed, later_generation, no_duplicate, seq};
use crate::ids::{CapabilityHash, Generation, PublicKey, Seq};
use crate::limits::{CONTROL_ACTION_BYTES_MAX, CONTROL_KEYS_MAX, TTL_DAYS_MAX};
use crate::proto::{self, control_action::Action};

/// The keys that may change a topic: at most [`CONTROL_KEYS_MAX`], none twice, in the signer's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ControlKeys(Vec<PublicKey>);

impl ControlKeys {
    /// A set of control keys.
    ///
    /// # Errors
    /// When there are too many, or one twice.
    pub fn new(keys: Vec<PublicKey>) -> Result<Self, Reason> {
        at_most_items("control keys", keys.len(), CONTROL_KEYS_MAX)?;
        no_duplicate("control key", keys.iter())?;
        Ok(Self(keys))
    }

    /// The keys, in the order that is signed.
    pub fn as_slice(&self) -> &[PublicKey] {
        &self.0
    }

    /// Whether this key is one of them.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.0.contains(key)
    }

    pub(super) fn parse(keys: &[Bytes]) -> Result<Self, Reason> {
        Ok(Self(distinct("control keys", keys, CONTROL_KEYS_MAX)?))
    }

    pub(super) fn to_proto(&self) -> Vec<Bytes> {
        self.0.iter().map(|key| (*key).into()).collect()
    }
}

/// Days application bodies are kept: 1 to [`TTL_DAYS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TtlDays(u32);

impl TtlDays {
    /// That many days, unless it is none or too many.
    pub const fn new(days: u32) -> Option<Self> {
        if days == 0 || days > TTL_DAYS_MAX { None } else { Some(Self(days)) }
    }

    /// How many.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// 0 means the server's default.
    pub(super) fn parse(days: u32) -> Result<Option<Self>, Reason> {
        if days == 0 {
            return Ok(None);
        }
        Self::new(days).map(Some).ok_or(Reason::OutOfRange { what: "time-to-live" })
    }

    pub(super) fn to_proto(ttl: Option<Self>) -> u32 {
        ttl.map_or(0, Self::get)
    }
}

/// One signed change of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlAction {
    /// The topic's newest entry as the signer knows it: the action cannot be replayed past it.
    pub after: Seq,
    /// What changes.
    pub change: ControlChange,
}

/// What a control action changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlChange {
    /// A new capability, where a rotation on a handshake went wrong.
    Rotate {
        /// The one that begins; at least 1.
        generation: Generation,
        /// Hash of its capability.
        capability: CapabilityHash,
        /// Who may change the topic from here on.
        control_keys: ControlKeys,
    },
    /// Who may change the topic from here on.
    Keys(ControlKeys),
    /// How long application bodies are kept; the server's default when absent.
    Ttl(Option<TtlDays>),
    /// No more entries.
    Close,
}

impl ControlAction {
    /// Reads the bytes that were signed.
    ///
    /// # Errors
    /// When they are no such action or a field breaks its limits.
    pub fn parse(signed: &Bytes) -> Result<Self, Reason> {
        let message: proto::ControlAction = decode("control action", signed, CONTROL_ACTION_BYTES_MAX)?;
        let change = match message.action.ok_or(Reason::Unknown { what: "control action" })? {
            Action::Rotate(m) => ControlChange::Rotate {
                generation: later_generation(m.generation)?,
                capability: fixed(&m.capability_hash)?,
                control_keys: ControlKeys::parse(&m.control_keys)?,
            },
            Action::Keys(m) => ControlChange::Keys(ControlKeys::parse(&m.control_keys)?),
            Action::TtlDays(days) => ControlChange::Ttl(TtlDays::parse(days)?),
            Action::Close(_) => ControlChange::Close,
        };
        Ok(Self { after: seq("after", message.after_seq)?, change })
    }

    /// The bytes to sign and send.
    pub fn encode(&self) -> Bytes {
        let action = match &self.change {
            ControlChange::Rotate { generation, capability, control_keys } => {
                Action::Rotate(proto::ControlRotate {
                    generation: generation.0,
                    capability_hash: (*capability).into(),
                    control_keys: control_keys.to_proto(),
                })
            }
            ControlChange::Keys(keys) => Action::Keys(proto::ControlKeys { control_keys: keys.to_proto() }),
            ControlChange::Ttl(ttl) => Action::TtlDays(TtlDays::to_proto(*ttl)),
            ControlChange::Close => Action::Close(proto::ControlClose {}),
        };
        proto::ControlAction { after_seq: self.after.0, action: Some(action) }.encode_to_vec().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_control_keys_has_none_twice_and_not_too_many() {
        let keys = |count: usize| (0..count as u8).map(|n| PublicKey::new([n; 32])).collect::<Vec<_>>();
        assert_eq!(ControlKeys::new(keys(CONTROL_KEYS_MAX)).unwrap().as_slice().len(), CONTROL_KEYS_MAX);
        assert!(matches!(ControlKeys::new(keys(CONTROL_KEYS_MAX + 1)), Err(Reason::TooMany { .. })));
        let twice = ControlKeys::new([keys(2), keys(1)].concat());
        assert_eq!(twice, Err(Reason::Duplicate { what: "control key" }));
    }
}
