//! The chain of device lists: which list to believe, and why not another (protocol §2).

use sotto_wire::ids::{AccountId, DeviceId, ListHash, PublicKey};
use sotto_wire::signature;
use sotto_wire::signed::{Pin, SignedList};
use sotto_wire::{Reason, digest};

use crate::body::{Device, Genesis, ListBody, ListEvent};

/// A device list that follows from its account's id, link by link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceList {
    body: ListBody,
    signed: SignedList,
    /// From the first list to this one.
    pins: Vec<Pin>,
}

/// Which key a list must be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// The account identity key that the list before names, or the genesis AIK.
    Aik,
    /// The recovery key that the list before names.
    Rk,
}

/// Why a list is not the account's, or not its next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// It is no device list.
    #[error(transparent)]
    Malformed(#[from] Reason),
    /// It is another account's list.
    #[error("the list is another account's")]
    OtherAccount,
    /// The genesis keys do not hash to the account id.
    #[error("the account id does not stand for these keys")]
    AccountId,
    /// A first list where a later one belongs, or the other way round.
    #[error("the list is not at this place of a chain")]
    Event,
    /// It follows another list than the one before.
    #[error("the list follows another one")]
    Predecessor,
    /// It is numbered otherwise than the list after the one before.
    #[error("the list is era {} version {}, expected {} {}", found.0, found.1, expected.0, expected.1)]
    Place {
        /// Era and version the next list has.
        expected: (u32, u32),
        /// Era and version it claims.
        found: (u32, u32),
    },
    /// It is not signed by the key that must sign it.
    #[error("the list is not signed by the account")]
    Signature(Signer),
    /// The account identity key and the recovery key are one.
    #[error("the account's two keys are the same")]
    OneKey,
    /// A recovery, a rotation, or the end of a device that held the AIK, and yet the AIK stays.
    #[error("the account identity key had to change")]
    AikKept,
    /// A recovery, and yet the recovery key stays.
    #[error("the recovery key had to change")]
    RkKept,
    /// Only a recovery changes the recovery key: whoever steals an AIK must not lock the owner out.
    #[error("the recovery key changed without a recovery")]
    RkChanged,
    /// The devices changed otherwise than the event says.
    #[error("the devices changed otherwise than the event says")]
    Devices,
}

/// Why a chain of lists is not the account's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is no list in it.
    #[error("no device list")]
    Empty,
    /// One of its lists is refused.
    #[error("device list {number} of the chain: {error}")]
    List {
        /// Which one, from 0.
        number: usize,
        /// Why.
        #[source]
        error: ListError,
    },
}

/// Why a chain contradicts what a peer remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The chain goes another way: together with the remembered list this is evidence.
    #[error("the account's lists have forked")]
    Forked {
        /// What the peer remembers.
        remembered: Pin,
        /// What stands at its place, or the newest where nothing does.
        found: Pin,
    },
    /// The chain ends before the remembered list.
    #[error("the account's lists were rolled back")]
    RolledBack {
        /// What the peer remembers.
        remembered: Pin,
        /// Where the chain ends.
        found: Pin,
    },
}

impl DeviceList {
    /// The account's first list.
    ///
    /// # Errors
    /// When the account id does not stand for it.
    pub fn genesis(account: AccountId, signed: &SignedList) -> Result<Self, ListError> {
        let body = ListBody::parse(&signed.list)?;
        let ListEvent::Genesis(genesis) = body.event else { return Err(ListError::Event) };
        if body.account != account {
            return Err(ListError::OtherAccount);
        }
        check_genesis(&body, &genesis)?;
        signature::verify(genesis.aik, &signed.to_sign(), signed.signature)
            .map_err(|_| ListError::Signature(Signer::Aik))?;
        Ok(Self::linked(body, signed, Vec::new()))
    }

    /// The list after this one.
    ///
    /// # Errors
    /// When it does not follow.
    pub fn successor(&self, signed: &SignedList) -> Result<Self, ListError> {
        let body = ListBody::parse(&signed.list)?;
        self.check_link(&body)?;
        let (signer, key) = match body.event {
            ListEvent::Recovery { .. } => (Signer::Rk, self.body.next_rk),
            _ => (Signer::Aik, self.body.next_aik),
        };
        signature::verify(key, &signed.to_sign(), signed.signature)
            .map_err(|_| ListError::Signature(signer))?;
        self.check_keys(&body)?;
        self.check_devices(&body)?;
        Ok(Self::linked(body, signed, self.pins.clone()))
    }

    /// The newest list of a whole chain, oldest first.
    ///
    /// # Errors
    /// When one of them does not follow.
    pub fn chain(account: AccountId, lists: &[SignedList]) -> Result<Self, ChainError> {
        let (first, later) = lists.split_first().ok_or(ChainError::Empty)?;
        let genesis = Self::genesis(account, first).map_err(|error| ChainError::List { number: 0, error })?;
        genesis.extended(later, 1)
    }

    /// The newest list after some more of the chain, oldest first; itself when there are none.
    ///
    /// # Errors
    /// When one of them does not follow.
    pub fn extend(&self, later: &[SignedList]) -> Result<Self, ChainError> {
        self.clone().extended(later, 0)
    }

    fn extended(self, later: &[SignedList], first: usize) -> Result<Self, ChainError> {
        later.iter().zip(first..).try_fold(self, |list, (signed, number)| {
            list.successor(signed).map_err(|error| ChainError::List { number, error })
        })
    }

    fn linked(body: ListBody, signed: &SignedList, mut pins: Vec<Pin>) -> Self {
        pins.push(Pin { era: body.era, version: body.version, hash: signed.hash() });
        Self { body, signed: signed.clone(), pins }
    }

    /// Whose list.
    pub const fn account(&self) -> AccountId {
        self.body.account
    }

    /// What peers remember of it.
    pub fn pin(&self) -> Pin {
        Pin { era: self.body.era, version: self.body.version, hash: self.hash() }
    }

    /// Its hash.
    pub fn hash(&self) -> ListHash {
        digest::device_list_hash(&self.signed.list)
    }

    /// What it says.
    pub const fn body(&self) -> &ListBody {
        &self.body
    }

    /// The list as it is stored and sent.
    pub const fn signed(&self) -> &SignedList {
        &self.signed
    }

    /// The account's devices.
    pub fn devices(&self) -> &[Device] {
        &self.body.devices
    }

    /// The device with this id.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.body.device(id)
    }

    /// The pins of every list from the first to this one.
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// Whether this list, or one it follows from, is the one pinned.
    pub fn descends_from(&self, pin: Pin) -> bool {
        self.pins.contains(&pin)
    }

    /// Checks the list against what a peer remembers of the account: pins only grow, along one chain.
    ///
    /// # Errors
    /// When the remembered list is not on the chain.
    pub fn check_pin(&self, remembered: Pin) -> Result<(), PinError> {
        if self.descends_from(remembered) {
            return Ok(());
        }
        if remembered.place() > self.pin().place() {
            return Err(PinError::RolledBack { remembered, found: self.pin() });
        }
        let there = self.pins.iter().find(|pin| pin.conflicts(&remembered)).copied();
        Err(PinError::Forked { remembered, found: there.unwrap_or_else(|| self.pin()) })
    }

    /// What the next list says, ready to be signed: with the AIK, or with the RK for a recovery.
    pub fn draft(&self, step: Step, devices: Vec<Device>) -> ListBody {
        let prev = self.hash();
        let (era, version) = (self.body.era, self.body.version);
        let next = (era, version.saturating_add(1));
        let (event, (era, version), next_aik, next_rk) = match step {
            Step::Add => (ListEvent::Add { prev }, next, self.body.next_aik, self.body.next_rk),
            Step::Revoke { next_aik } => (ListEvent::Revoke { prev }, next, next_aik, self.body.next_rk),
            Step::Rotate { next_aik } => (ListEvent::Rotate { prev }, next, next_aik, self.body.next_rk),
            Step::Recovery { next_aik, next_rk } => {
                (ListEvent::Recovery { prev }, (era.saturating_add(1), 0), next_aik, next_rk)
            }
        };
        ListBody { account: self.body.account, era, version, devices, next_aik, next_rk, event }
    }

    fn check_link(&self, body: &ListBody) -> Result<(), ListError> {
        if body.account != self.body.account {
            return Err(ListError::OtherAccount);
        }
        let prev = body.event.prev().ok_or(ListError::Event)?;
        let (era, version) = (self.body.era, self.body.version);
        let expected = match body.event {
            ListEvent::Recovery { .. } => era.checked_add(1).map(|era| (era, 0)),
            _ => version.checked_add(1).map(|version| (era, version)),
        };
        let found = (body.era, body.version);
        if expected != Some(found) {
            return Err(ListError::Place { expected: expected.unwrap_or((era, version)), found });
        }
        if prev != self.hash() {
            return Err(ListError::Predecessor);
        }
        Ok(())
    }

    fn check_keys(&self, body: &ListBody) -> Result<(), ListError> {
        let aik_kept = body.next_aik == self.body.next_aik;
        let rk_kept = body.next_rk == self.body.next_rk;
        if body.next_aik == body.next_rk {
            return Err(ListError::OneKey);
        }
        match body.event {
            ListEvent::Recovery { .. } if rk_kept => Err(ListError::RkKept),
            ListEvent::Recovery { .. } | ListEvent::Rotate { .. } if aik_kept => Err(ListError::AikKept),
            ListEvent::Revoke { .. } if aik_kept && self.lost_a_manager(body) => Err(ListError::AikKept),
            ListEvent::Recovery { .. } => Ok(()),
            _ if !rk_kept => Err(ListError::RkChanged),
            _ => Ok(()),
        }
    }

    fn lost_a_manager(&self, body: &ListBody) -> bool {
        self.body.devices.iter().any(|device| device.manages_devices && body.device(device.id).is_none())
    }

    // A device keeps its key for life: another key under its id would be another device.
    fn check_devices(&self, body: &ListBody) -> Result<(), ListError> {
        let kept = || body.devices.iter().filter_map(|now| Some((self.body.device(now.id)?, now)));
        let (before, now, stayed) = (self.body.devices.len(), body.devices.len(), kept().count());
        let unchanged = kept().all(|(was, now)| was == now);
        let same_device =
            kept().all(|(was, now)| (was.key, was.kind, was.added) == (now.key, now.kind, now.added));
        let fits = match body.event {
            ListEvent::Add { .. } => unchanged && stayed == before && now > before,
            ListEvent::Revoke { .. } => unchanged && stayed == now && now < before,
            ListEvent::Rotate { .. } => same_device && stayed == before && now == before,
            ListEvent::Recovery { .. } | ListEvent::Genesis(_) => same_device,
        };
        if fits { Ok(()) } else { Err(ListError::Devices) }
    }
}

/// How a chain goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Devices come; the keys stay.
    Add,
    /// Devices go; the AIK has to change if one of them held it.
    Revoke {
        /// Signs the list after.
        next_aik: PublicKey,
    },
    /// The AIK changes, or which devices hold it.
    Rotate {
        /// Signs the list after; a new one.
        next_aik: PublicKey,
    },
    /// The owner takes the account back with the recovery code.
    Recovery {
        /// Signs the list after; a new one.
        next_aik: PublicKey,
        /// Signs the next recovery; a new one.
        next_rk: PublicKey,
    },
}

fn check_genesis(body: &ListBody, genesis: &Genesis) -> Result<(), ListError> {
    if genesis.account() != body.account {
        return Err(ListError::AccountId);
    }
    let found = (body.era, body.version);
    if found != (0, 0) {
        return Err(ListError::Place { expected: (0, 0), found });
    }
    if genesis.aik == genesis.rk || body.next_aik == body.next_rk {
        return Err(ListError::OneKey);
    }
    Ok(())
}
