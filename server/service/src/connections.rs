//! Who is connected, and what each connection follows. In memory only, gone with the connection.

mod account_side;
mod topic_side;
mod window;

use std::collections::BTreeMap;

use sotto_wire::ids::{AccountId, DeviceId, HelloNonce, TopicId};

use crate::buckets::Bucket;
use crate::connection::{AddressPrefix, ConnectionId, Plane};

pub(crate) use account_side::{AccountSide, Who};
pub(crate) use topic_side::{Follow, Offer, TopicSide};
pub(crate) use window::Window;

/// All connections, and who follows what.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    all: BTreeMap<ConnectionId, Connection>,
    /// In the order in which they came.
    followers: BTreeMap<TopicId, Vec<ConnectionId>>,
    devices: BTreeMap<(AccountId, DeviceId), Vec<ConnectionId>>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What a device signs to authenticate on it.
    pub(crate) nonce: HelloNonce,
    /// Where it comes from.
    pub(crate) prefix: AddressPrefix,
    /// How much may be sent before it says that it left.
    pub(crate) window: Window,
    /// Limits of its own.
    pub(crate) checks: Bucket,
    pub(crate) reads: Bucket,
    pub(crate) appends: Bucket,
    pub(crate) ephemerals: Bucket,
    /// What belongs to its plane.
    pub(crate) side: Side,
    /// Whether its last frame has been sent: what still comes from it is not answered.
    pub(crate) closing: bool,
}

/// What belongs to one plane.
#[derive(Debug)]
pub(crate) enum Side {
    Account(AccountSide),
    Topic(TopicSide),
}

impl Connection {
    pub(crate) fn new(plane: Plane, nonce: HelloNonce, prefix: AddressPrefix) -> Self {
        Self {
            nonce,
            prefix,
            window: Window::new(),
            checks: Bucket::default(),
            reads: Bucket::default(),
            appends: Bucket::default(),
            ephemerals: Bucket::default(),
            side: match plane {
                Plane::Account => Side::Account(AccountSide::default()),
                Plane::Topic => Side::Topic(TopicSide::default()),
            },
            closing: false,
        }
    }

    pub(crate) const fn plane(&self) -> Plane {
        match self.side {
            Side::Account(_) => Plane::Account,
            Side::Topic(_) => Plane::Topic,
        }
    }

    /// Whether there is something to send that waits for room, or for the store.
    pub(crate) fn has_backlog(&self) -> bool {
        match &self.side {
            Side::Account(side) => side.has_backlog(),
            Side::Topic(side) => side.has_backlog(),
        }
    }
}

impl Connections {
    pub(crate) fn insert(&mut self, id: ConnectionId, connection: Connection) {
        self.all.insert(id, connection);
    }

    /// Forgets a connection and everything about it; which plane it was on.
    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Plane> {
        let connection = self.all.remove(&id)?;
        match &connection.side {
            Side::Account(side) => side.who.iter().for_each(|who| self.forget_device(id, *who)),
            Side::Topic(side) => side.topics().for_each(|topic| self.forget_follower(id, topic)),
        }
        Some(connection.plane())
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.all.get_mut(&id)
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        self.all.keys().copied().collect()
    }

    /// A connection that has not been given its last frame: whoever has neither follows nor learns anything any more.
    fn open(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.all.get_mut(&id).filter(|connection| !connection.closing)
    }

    /// The account side of an open connection.
    pub(crate) fn account(&mut self, id: ConnectionId) -> Option<&mut AccountSide> {
        match &mut self.open(id)?.side {
            Side::Account(side) => Some(side),
            Side::Topic(_) => None,
        }
    }

    /// The topic side of an open connection.
    pub(crate) fn topic(&mut self, id: ConnectionId) -> Option<&mut TopicSide> {
        match &mut self.open(id)?.side {
            Side::Topic(side) => Some(side),
            Side::Account(_) => None,
        }
    }

    /// Notes which device a connection belongs to.
    pub(crate) fn authenticate(&mut self, id: ConnectionId, who: Who) {
        let Some(side) = self.account(id) else { return };
        if side.who.is_none() {
            side.who = Some(who);
            self.devices.entry((who.account, who.device)).or_default().push(id);
        }
    }

    /// Connections of one device.
    pub(crate) fn of_device(&self, account: AccountId, device: DeviceId) -> Vec<ConnectionId> {
        self.devices.get(&(account, device)).cloned().unwrap_or_default()
    }

    /// Connections of an account's devices other than these.
    pub(crate) fn of_other_devices(&self, account: AccountId, devices: &[DeviceId]) -> Vec<ConnectionId> {
        let range = (account, DeviceId::new([0; 16]))..=(account, DeviceId::new([0xff; 16]));
        let others = self.devices.range(range).filter(|((_, device), _)| !devices.contains(device));
        others.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }

    /// Starts to follow a topic on a connection, instead of whatever followed it there before.
    pub(crate) fn follow(&mut self, id: ConnectionId, topic: TopicId, follow: Follow) {
        let Some(side) = self.topic(id) else { return };
        if side.insert(topic, follow).is_none() {
            self.followers.entry(topic).or_default().push(id);
        }
    }

    /// Stops.
    pub(crate) fn unfollow(&mut self, id: ConnectionId, topic: TopicId) {
        if self.topic(id).is_some_and(|side| side.remove(topic)) {
            self.forget_follower(id, topic);
        }
    }

    pub(crate) fn is_followed(&self, topic: TopicId) -> bool {
        self.followers.contains_key(&topic)
    }

    /// Who follows a topic, in the order in which they came.
    pub(crate) fn followers(&self, topic: TopicId) -> Vec<ConnectionId> {
        self.followers.get(&topic).cloned().unwrap_or_default()
    }

    /// Changes every follow of a topic; which connections follow it.
    pub(crate) fn each_follow(
        &mut self,
        topic: TopicId,
        mut change: impl FnMut(ConnectionId, &mut Follow),
    ) -> Vec<ConnectionId> {
        let followers = self.followers(topic);
        for id in &followers {
            if let Some(follow) = self.topic(*id).and_then(|side| side.get_mut(topic)) {
                change(*id, follow);
            }
        }
        followers
    }

    fn forget_follower(&mut self, id: ConnectionId, topic: TopicId) {
        if let Some(followers) = self.followers.get_mut(&topic) {
            followers.retain(|follower| *follower != id);
            if followers.is_empty() {
                self.followers.remove(&topic);
            }
        }
    }

    fn forget_device(&mut self, id: ConnectionId, who: Who) {
        let key = (who.account, who.device);
        if let Some(ids) = self.devices.get_mut(&key) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.devices.remove(&key);
            }
        }
    }
}
