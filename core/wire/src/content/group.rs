//! GroupContext extension 0xF050: pins, roles and policy, on which all members agree (protocol §5).

use prost::Message;
use prost::bytes::Bytes;

use crate::error::Reason;
use crate::fields::{at_most_items, decode, distinct, fixed, present};
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::limits::{DEVICES_MAX, GROUP_STATE_BYTES_MAX, MEMBERS_MAX, SUITE};
use crate::proto;
use crate::signed::{Pin, pin};

/// What all members of a group agree on beside its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupState {
    /// Version floor: a member that speaks only older ones pauses. At least 1.
    pub protocol: u32,
    /// What people see; its topic may be succeeded by another.
    pub conversation: ConversationId,
    /// A 1:1 conversation or a group.
    pub kind: GroupKind,
    /// Which leg of the conversation; the highest is sent on.
    pub leg_no: u32,
    /// Sorted by account, none twice, at least one.
    members: Vec<Member>,
}

/// A 1:1 conversation or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// Two accounts, or the first of them while the other is being added.
    Direct,
    /// Any number of accounts; one of them at least is an owner.
    Group,
}

/// One account in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// The device list that decides which leaves there may be.
    pub pin: Pin,
    /// What it may do.
    pub role: Role,
    /// Devices in the list that are not leaves yet; none twice.
    pub pending_devices: Vec<DeviceId>,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Speak.
    Member,
    /// Add and remove members.
    Admin,
    /// Everything.
    Owner,
}

impl GroupState {
    /// A group state with these members, in any order.
    ///
    /// # Errors
    /// When there is none or too many, one appears twice, or they do not fit the kind of group.
    pub fn new(
        protocol: u32,
        conversation: ConversationId,
        kind: GroupKind,
        leg_no: u32,
        mut members: Vec<Member>,
    ) -> Result<Self, Reason> {
        members.sort_by_key(|member| member.account);
        Self { protocol, conversation, kind, leg_no, members }.checked()
    }

    /// The accounts, sorted by id.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// One of them.
    pub fn member(&self, account: AccountId) -> Option<&Member> {
        let place = self.members.binary_search_by_key(&account, |member| member.account).ok()?;
        self.members.get(place)
    }

    /// The same state with other members, in any order.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_members(&self, members: Vec<Member>) -> Result<Self, Reason> {
        Self::new(self.protocol, self.conversation, self.kind, self.leg_no, members)
    }

    /// Reads the extension.
    ///
    /// # Errors
    /// When it is no group state or breaks a rule.
    pub fn parse(bytes: &Bytes) -> Result<Self, Reason> {
        let message: proto::GroupState = decode("group state", bytes, GROUP_STATE_BYTES_MAX)?;
        Self::try_from(&message)
    }

    /// The bytes that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Bytes {
        proto::GroupState::from(self).encode_to_vec().into()
    }

    fn checked(self) -> Result<Self, Reason> {
        if self.protocol == 0 {
            return Err(Reason::Version { what: "group state", found: 0 });
        }
        present("members", self.members.first())?;
        at_most_items("members", self.members.len(), MEMBERS_MAX)?;
        if self.members.windows(2).any(|pair| matches!(pair, [a, b] if a.account == b.account)) {
            return Err(Reason::Duplicate { what: "member" });
        }
        match (self.kind, self.members.as_slice()) {
            (GroupKind::Direct, [_]) => {}
            (GroupKind::Direct, [a, b]) => {
                if ConversationId::direct(a.account, b.account) != self.conversation {
                    return Err(Reason::NotAllowed { what: "another id for a direct conversation" });
                }
            }
            (GroupKind::Direct, members) => at_most_items("members", members.len(), 2)?,
            (GroupKind::Group, members) => {
                let owner = members.iter().find(|member| member.role == Role::Owner);
                present("owner", owner)?;
            }
        }
        Ok(self)
    }
}

impl TryFrom<&proto::GroupState> for GroupState {
    type Error = Reason;

    fn try_from(m: &proto::GroupState) -> Result<Self, Reason> {
        if m.suite != u32::from(SUITE) {
            return Err(Reason::Version { what: "suite", found: m.suite });
        }
        at_most_items("members", m.members.len(), MEMBERS_MAX)?;
        let members = m.members.iter().map(Member::try_from).collect::<Result<Vec<_>, _>>()?;
        if members.windows(2).any(|pair| matches!(pair, [a, b] if a.account > b.account)) {
            return Err(Reason::OutOfOrder { what: "members" });
        }
        let kind = if m.direct { GroupKind::Direct } else { GroupKind::Group };
        let conversation = fixed(&m.conversation)?;
        Self { protocol: m.protocol, conversation, kind, leg_no: m.leg_no, members }.checked()
    }
}

impl From<&GroupState> for proto::GroupState {
    fn from(state: &GroupState) -> Self {
        Self {
            protocol: state.protocol,
            conversation: state.conversation.into(),
            suite: SUITE.into(),
            members: state.members.iter().map(Into::into).collect(),
            leg_no: state.leg_no,
            direct: state.kind == GroupKind::Direct,
        }
    }
}

impl TryFrom<&proto::MemberPin> for Member {
    type Error = Reason;

    fn try_from(m: &proto::MemberPin) -> Result<Self, Reason> {
        Ok(Self {
            account: fixed(&m.account_id)?,
            pin: pin(m.pin.as_ref())?,
            role: Role::parse(m.role)?,
            pending_devices: distinct("pending devices", &m.pending_devices, DEVICES_MAX)?,
        })
    }
}

impl From<&Member> for proto::MemberPin {
    fn from(member: &Member) -> Self {
        Self {
            account_id: member.account.into(),
            pin: Some(member.pin.into()),
            role: member.role.to_proto(),
            pending_devices: member.pending_devices.iter().map(|device| (*device).into()).collect(),
        }
    }
}

impl Role {
    fn parse(role: i32) -> Result<Self, Reason> {
        match proto::Role::try_from(role) {
            Ok(proto::Role::Owner) => Ok(Self::Owner),
            Ok(proto::Role::Admin) => Ok(Self::Admin),
            Ok(proto::Role::Member) => Ok(Self::Member),
            Ok(proto::Role::Unspecified) => Err(Reason::Missing { what: "role" }),
            Err(_) => Err(Reason::Unknown { what: "role" }),
        }
    }

    const fn to_proto(self) -> i32 {
        match self {
            Self::Owner => proto::Role::Owner as i32,
            Self::Admin => proto::Role::Admin as i32,
            Self::Member => proto::Role::Member as i32,
        }
    }
}
