//! What a device list says: its fields, read and written, before anybody asks whether to believe it.

use prost::Message;
use sotto_wire::ids::{AccountId, Day, DeviceId, ListHash, PublicKey};
use sotto_wire::limits::{DEVICE_LIST_BYTES_MAX, DEVICES_MAX};
use sotto_wire::{Bytes, Reason, digest, proto};

/// What a device list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBody {
    /// Whose list.
    pub account: AccountId,
    /// Raised by a recovery only.
    pub era: u32,
    /// Counts the lists of one era.
    pub version: u32,
    /// The devices: at least one, at most [`DEVICES_MAX`].
    pub devices: Vec<Device>,
    /// Signs the successor.
    pub next_aik: PublicKey,
    /// Signs the next recovery.
    pub next_rk: PublicKey,
    /// What happened, and after what.
    pub event: ListEvent,
}

/// Why there is a new list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListEvent {
    /// The account begins.
    Genesis(Genesis),
    /// Devices came.
    Add {
        /// The list before.
        prev: ListHash,
    },
    /// Devices went.
    Revoke {
        /// The list before.
        prev: ListHash,
    },
    /// The AIK changed, or which devices hold it.
    Rotate {
        /// The list before.
        prev: ListHash,
    },
    /// The owner took the account back with the recovery code.
    Recovery {
        /// The list before.
        prev: ListHash,
    },
}

/// The keys an account id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Genesis {
    /// First account identity key: signs the first list.
    pub aik: PublicKey,
    /// First recovery key.
    pub rk: PublicKey,
    /// Random.
    pub nonce: [u8; 32],
}

/// One installation of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub id: DeviceId,
    /// Signs for the device; also its MLS leaf key.
    pub key: PublicKey,
    /// What it runs on.
    pub kind: DeviceKind,
    /// Whether it holds the AIK.
    pub manages_devices: bool,
    /// When it came.
    pub added: Day,
}

/// What a device runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceKind {
    /// A program of its own.
    Native,
    /// A page that a server delivers.
    Web,
}

impl Genesis {
    /// The account these keys make.
    pub fn account(&self) -> AccountId {
        digest::account_id(self.aik, self.rk, &self.nonce)
    }
}

impl ListEvent {
    /// The list before, except for the first.
    pub const fn prev(&self) -> Option<ListHash> {
        match self {
            Self::Genesis(_) => None,
            Self::Add { prev } | Self::Revoke { prev } | Self::Rotate { prev } | Self::Recovery { prev } => {
                Some(*prev)
            }
        }
    }
}

impl ListBody {
    /// The first list of a new account, to be signed with the genesis AIK.
    pub fn genesis(genesis: Genesis, devices: Vec<Device>, next_aik: PublicKey, next_rk: PublicKey) -> Self {
        Self {
            account: genesis.account(),
            era: 0,
            version: 0,
            devices,
            next_aik,
            next_rk,
            event: ListEvent::Genesis(genesis),
        }
    }

    /// Reads a list. Only its form is checked: who signed it, and what it follows, is for
    /// [`DeviceList`](crate::DeviceList).
    ///
    /// # Errors
    /// When it is no list or breaks a rule that every list keeps.
    pub fn parse(list: &Bytes) -> Result<Self, Reason> {
        if list.len() > DEVICE_LIST_BYTES_MAX {
            let (max, found) = (DEVICE_LIST_BYTES_MAX, list.len());
            return Err(Reason::TooLarge { what: "device list", max, found });
        }
        let m = proto::DeviceList::decode(list.clone())?;
        let body = Self {
            account: AccountId::try_from(&*m.account_id)?,
            era: m.era,
            version: m.version,
            event: ListEvent::read(&m)?,
            devices: m.devices.iter().map(Device::read).collect::<Result<_, _>>()?,
            next_aik: PublicKey::try_from(&*m.next_aik)?,
            next_rk: PublicKey::try_from(&*m.next_rk)?,
        };
        body.distinct_devices()?;
        Ok(body)
    }

    /// The bytes to sign (behind [`device_list_to_sign`](digest::device_list_to_sign)) and send.
    pub fn encode(&self) -> Bytes {
        let genesis = match &self.event {
            ListEvent::Genesis(genesis) => Some(genesis.to_proto()),
            _ => None,
        };
        let message = proto::DeviceList {
            account_id: self.account.into(),
            era: self.era,
            version: self.version,
            prev_hash: self.event.prev().map(Into::into).unwrap_or_default(),
            devices: self.devices.iter().copied().map(Device::to_proto).collect(),
            next_aik: self.next_aik.into(),
            next_rk: self.next_rk.into(),
            event: self.event.to_proto().into(),
            genesis,
        };
        message.encode_to_vec().into()
    }

    /// The device with this id.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    fn distinct_devices(&self) -> Result<(), Reason> {
        let found = self.devices.len();
        if found == 0 {
            return Err(Reason::Missing { what: "devices" });
        }
        if found > DEVICES_MAX {
            return Err(Reason::TooMany { what: "devices", max: DEVICES_MAX, found });
        }
        for (place, one) in self.devices.iter().enumerate() {
            if self.devices.iter().skip(place + 1).any(|other| other.id == one.id || other.key == one.key) {
                return Err(Reason::Duplicate { what: "device" });
            }
        }
        Ok(())
    }
}

impl ListEvent {
    fn read(m: &proto::DeviceList) -> Result<Self, Reason> {
        let event =
            proto::ListEvent::try_from(m.event).map_err(|_| Reason::Unknown { what: "list event" })?;
        if event == proto::ListEvent::Genesis {
            if !m.prev_hash.is_empty() {
                return Err(Reason::NotAllowed { what: "a list before the first" });
            }
            let genesis = m.genesis.as_ref().ok_or(Reason::Missing { what: "genesis" })?;
            return Ok(Self::Genesis(Genesis::read(genesis)?));
        }
        if m.genesis.is_some() {
            return Err(Reason::NotAllowed { what: "genesis in a later list" });
        }
        let prev = ListHash::try_from(&*m.prev_hash)?;
        match event {
            proto::ListEvent::Add => Ok(Self::Add { prev }),
            proto::ListEvent::Revoke => Ok(Self::Revoke { prev }),
            proto::ListEvent::Rotate => Ok(Self::Rotate { prev }),
            proto::ListEvent::Recovery => Ok(Self::Recovery { prev }),
            proto::ListEvent::Genesis | proto::ListEvent::Unspecified => {
                Err(Reason::Missing { what: "list event" })
            }
        }
    }

    const fn to_proto(self) -> proto::ListEvent {
        match self {
            Self::Genesis(_) => proto::ListEvent::Genesis,
            Self::Add { .. } => proto::ListEvent::Add,
            Self::Revoke { .. } => proto::ListEvent::Revoke,
            Self::Rotate { .. } => proto::ListEvent::Rotate,
            Self::Recovery { .. } => proto::ListEvent::Recovery,
        }
    }
}

impl Genesis {
    fn read(m: &proto::Genesis) -> Result<Self, Reason> {
        let nonce = m.nonce.as_ref().try_into().map_err(|_| sotto_wire::ids::LengthError {
            what: "genesis nonce",
            expected: 32,
            found: m.nonce.len(),
        })?;
        Ok(Self { aik: PublicKey::try_from(&*m.aik)?, rk: PublicKey::try_from(&*m.rk)?, nonce })
    }

    fn to_proto(self) -> proto::Genesis {
        let nonce = Bytes::copy_from_slice(&self.nonce);
        proto::Genesis { aik: self.aik.into(), rk: self.rk.into(), nonce }
    }
}

impl Device {
    fn read(m: &proto::Device) -> Result<Self, Reason> {
        let kind = match proto::DeviceKind::try_from(m.kind) {
            Ok(proto::DeviceKind::Native) => DeviceKind::Native,
            Ok(proto::DeviceKind::Web) => DeviceKind::Web,
            Ok(proto::DeviceKind::Unspecified) => return Err(Reason::Missing { what: "device kind" }),
            Err(_) => return Err(Reason::Unknown { what: "device kind" }),
        };
        Ok(Self {
            id: DeviceId::try_from(&*m.device_id)?,
            key: PublicKey::try_from(&*m.signature_key)?,
            kind,
            manages_devices: m.manages_devices,
            added: Day(m.added_day),
        })
    }

    fn to_proto(self) -> proto::Device {
        let kind = match self.kind {
            DeviceKind::Native => proto::DeviceKind::Native,
            DeviceKind::Web => proto::DeviceKind::Web,
        };
        proto::Device {
            device_id: self.id.into(),
            signature_key: self.key.into(),
            kind: kind.into(),
            manages_devices: self.manages_devices,
            added_day: self.added.0,
        }
    }
}
