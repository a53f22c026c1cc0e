//! All of it over databases in memory, as one value: what native and WebAssembly are compared by.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::catch_up::{CatchUp, catch_up};
use crate::conversation::{Conversation, converse};
use crate::groups::{Groups, exchange};
use crate::samples::Stopwatch;
use crate::world::World;

/// Bytes of a text.
pub const TEXT_BYTES: usize = 256;
/// Messages before anything counts: caches fill, a browser compiles what runs often.
const WARM_UP: usize = 100;
/// Messages that the sender queues before the network takes any.
pub const QUEUED_AT_ONCE: usize = 64;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Messages one at a time, and messages of `secrecy` alone.
    pub messages: usize,
    /// Messages of the catch-up.
    pub catch_up: usize,
}

/// What was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Through engine and database.
    pub conversation: Conversation,
    /// Through engine and database, many at once.
    pub catch_up: CatchUp,
    /// Without either.
    pub groups: Groups,
}

/// Measures on databases that are keyed already, and gives them back.
///
/// # Errors
/// When a message does not arrive.
pub fn measure(
    databases: [Connection; 2],
    amount: Amount,
    watch: Stopwatch,
) -> anyhow::Result<(Report, [Connection; 2])> {
    let mut world = World::new(databases, watch)?;
    converse(&mut world, WARM_UP, TEXT_BYTES)?;
    let conversation = converse(&mut world, amount.messages, TEXT_BYTES)?;
    let catch_up = catch_up(&mut world, amount.catch_up, TEXT_BYTES, QUEUED_AT_ONCE)?;
    let databases = world.into_databases();
    let groups = exchange(&databases, amount.messages, TEXT_BYTES, watch)?;
    Ok((Report { conversation, catch_up, groups }, databases))
}

/// Two databases in memory, without encryption: the same work natively and in a browser.
///
/// # Errors
/// When SQLite refuses.
pub fn in_memory() -> anyhow::Result<[Connection; 2]> {
    Ok([Connection::open_in_memory()?, Connection::open_in_memory()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_every_measurement_arrives() {
        let amount = Amount { messages: 3, catch_up: 70 };
        let (report, _) = measure(in_memory().unwrap(), amount, || 0.0).unwrap();
        let costs = &report.conversation;
        assert_eq!(
            [&costs.send, &costs.send_whole, &costs.receive, &costs.receive_whole].map(Samples::count),
            [3; 4]
        );
        assert_eq!(report.catch_up.messages, 70);
        assert_eq!(report.groups.decrypt.count(), 3);
    }

    use crate::samples::Samples;
}
