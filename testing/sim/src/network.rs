//! Connections between people and the server, as the network treats them.
//!
//! A connection keeps the order of its frames and loses none, as TCP and TLS do, until it breaks; then what was under
//! way is lost, and each end learns of it by itself, perhaps much later. A broken middlebox does not even keep that.

use std::collections::BTreeMap;

use sotto_engine::api::Plane;
use sotto_service::ConnectionId;
use sotto_wire::ids::Millis;

use crate::dice::Dice;

/// A connection's number; the service knows it by the same.
pub(crate) type LinkId = ConnectionId;

/// One of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Person,
    Server,
}

impl End {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Person => Self::Server,
            Self::Server => Self::Person,
        }
    }
}

/// One direction and what one end believes.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    /// This end has given the connection up, or was told that it is gone.
    gone: bool,
    /// When the last frame on its way to this end arrives: none overtakes it.
    last_arrival: Millis,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) person: usize,
    pub(crate) plane: Plane,
    ends: [Side; 2],
    /// Nothing passes any more.
    pub(crate) dead: bool,
}

impl Link {
    fn side(&mut self, end: End) -> &mut Side {
        &mut self.ends[usize::from(end == End::Server)]
    }

    pub(crate) fn is_open(&self, end: End) -> bool {
        !self.ends[usize::from(end == End::Server)].gone
    }

    pub(crate) fn give_up(&mut self, end: End) {
        self.side(end).gone = true;
    }
}

/// What the network does to single frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sky {
    /// Milliseconds a frame takes at most.
    pub(crate) latency_ms: u64,
    /// A broken middlebox: one frame in this many is lost inside a connection; 0: none.
    pub(crate) lose_one_in: u64,
    /// Doubled.
    pub(crate) double_one_in: u64,
    /// Overtaken.
    pub(crate) reorder_one_in: u64,
    /// One frame in this many breaks its connection.
    pub(crate) break_one_in: u64,
}

impl Sky {
    /// A good network.
    pub(crate) const CLEAR: Self =
        Self { latency_ms: 20, lose_one_in: 0, double_one_in: 0, reorder_one_in: 0, break_one_in: 0 };
}

/// All connections, and the weather over them.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) links: BTreeMap<LinkId, Link>,
    last: u64,
    pub(crate) sky: Sky,
    pub(crate) dice: Dice,
    /// The server cannot be reached by anybody.
    pub(crate) unreachable: bool,
    /// People cut off, each until then.
    pub(crate) cut_off: BTreeMap<usize, Millis>,
}

/// What becomes of a frame.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    /// When it arrives, perhaps twice, perhaps never.
    pub(crate) arrivals: Vec<Millis>,
    /// It broke its connection.
    pub(crate) broke: bool,
    /// What a broken middlebox did to it.
    pub(crate) blemish: Option<&'static str>,
}

impl Network {
    pub(crate) fn new(dice: Dice) -> Self {
        Self {
            links: BTreeMap::new(),
            last: 0,
            sky: Sky::CLEAR,
            dice,
            unreachable: false,
            cut_off: BTreeMap::new(),
        }
    }

    pub(crate) fn connect(&mut self, person: usize, plane: Plane) -> LinkId {
        self.last += 1;
        let id = ConnectionId(self.last);
        self.links.insert(id, Link { person, plane, ends: [Side::default(); 2], dead: false });
        id
    }

    /// Whether somebody can connect now.
    pub(crate) fn reaches(&self, person: usize) -> bool {
        !self.unreachable && !self.cut_off.contains_key(&person)
    }

    pub(crate) fn latency(&mut self) -> u64 {
        let most = self.sky.latency_ms;
        self.dice.below(most.max(1))
    }

    /// A frame goes to one end of a connection.
    pub(crate) fn pass(&mut self, id: LinkId, to: End, now: Millis) -> Passage {
        let mut passage = Passage::default();
        let late = self.latency();
        let sky = self.sky;
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.dead) else { return passage };
        let person = link.person;
        let side = link.side(to);
        let mut at = Millis(now.0 + late).max(side.last_arrival);
        if self.unreachable || self.cut_off.contains_key(&person) {
            // Retransmitted for as long as the connection lives: it does not outlive this.
            return passage;
        }
        if self.dice.one_in(sky.lose_one_in) {
            passage.blemish = Some("lost");
            return passage;
        }
        if self.dice.one_in(sky.reorder_one_in) {
            passage.blemish = Some("held back: others may overtake it");
            at = Millis(at.0 + self.dice.between(1, 2_000));
        } else {
            side.last_arrival = at;
        }
        passage.arrivals.push(at);
        if self.dice.one_in(sky.double_one_in) {
            passage.blemish = Some("doubled");
            passage.arrivals.push(Millis(at.0 + self.dice.below(500)));
        }
        passage.broke = self.dice.one_in(sky.break_one_in);
        passage
    }

    /// Connections of one person that still carry something, or of everybody.
    pub(crate) fn living(&self, of: Option<usize>) -> Vec<LinkId> {
        let wanted = |link: &Link| !link.dead && of.is_none_or(|person| link.person == person);
        self.links.iter().filter(|(_, link)| wanted(link)).map(|(id, _)| *id).collect()
    }

    /// Forgets connections that both ends have given up.
    pub(crate) fn tidy(&mut self, id: LinkId) {
        if self.links.get(&id).is_some_and(|link| !link.is_open(End::Person) && !link.is_open(End::Server)) {
            self.links.remove(&id);
        }
    }
}
