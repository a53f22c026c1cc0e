//! What is going to happen, in the order of simulated time; at one instant, in the order in which it was planned.

use std::collections::BTreeMap;

use bytes::Bytes;
use sotto_engine::api::{Command, CommandId, Plane};
use sotto_service::Then;
use sotto_wire::ids::Millis;

use crate::network::{End, LinkId};
use crate::weather::Fault;
use crate::workload::Deed;

/// Numbers a process: what was planned for an earlier one is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life(pub(crate) u64);

/// One thing that is going to happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A frame reaches one end.
    Arrives { link: LinkId, end: End, frame: Bytes, then: Then },
    /// One end learns that its connection is gone.
    Notices { link: LinkId, end: End },
    /// An attempt to connect succeeds or fails.
    Connects { person: usize, plane: Plane, attempt: u64 },
    /// The time an engine asked for has come.
    Wakes { person: usize, alarm: u64 },
    /// An engine goes on with what it has begun.
    Continues { person: usize, life: Life },
    /// A person asks their engine for something.
    Asks { person: usize, id: CommandId, command: Command },
    /// A person does something, if they can.
    Acts { person: usize, deed: Deed },
    /// The server takes some of the requests that wait.
    ServerWorks { life: Life },
    /// A frame that asked for more has left the server.
    ServerWrote { link: LinkId },
    /// The server's process starts.
    ServerStarts,
    /// A person's process starts.
    PersonStarts { person: usize },
    /// Bad weather.
    Befalls(Fault),
    /// It is over.
    Clears(Fault),
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    queue: BTreeMap<(Millis, u64), Happening>,
    planned: u64,
}

impl Agenda {
    pub(crate) fn plan(&mut self, at: Millis, what: Happening) {
        self.planned += 1;
        self.queue.insert((at, self.planned), what);
    }

    /// When the next thing happens.
    pub(crate) fn next(&self) -> Option<Millis> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<Happening> {
        self.queue.pop_first().map(|(_, what)| what)
    }

    /// Forgets what the predicate does not want.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Happening) -> bool) {
        self.queue.retain(|_, what| keep(what));
    }
}
