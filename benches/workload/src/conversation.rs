//! One message at a time: what sending and receiving cost, from the command to the last acknowledgement.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use crate::samples::Samples;
use crate::world::{ALICE, BOB, World};

/// What one message costs each engine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Conversation {
    /// At the sender: from the command until the entry leaves.
    pub send: Samples,
    /// At the sender: everything, the receipt and the echo included.
    pub send_whole: Samples,
    /// At the recipient: from the entry until the line is shown.
    pub receive: Samples,
    /// At the recipient: everything, the acknowledgement included.
    pub receive_whole: Samples,
}

/// Alice writes, Bob reads, each message alone: `count` texts of `bytes` bytes.
///
/// # Errors
/// When a message does not arrive.
pub fn converse(world: &mut World, count: usize, bytes: usize) -> anyhow::Result<Conversation> {
    let mut costs = Conversation::default();
    let bob = world.person(BOB).target();
    for number in 0..count {
        let before = [ALICE, BOB].map(|who| world.person(who).spent_us);
        let lines = world.person(BOB).lines;
        world.say(ALICE, &bob, &text(number, bytes))?;
        // The frame may leave with the command or with the continuation after it.
        while world.person(ALICE).spent_us_at_frame < before[ALICE] {
            ensure!(world.step_of(ALICE)?, "nothing leaves");
        }
        costs.send.add(world.person(ALICE).spent_us_at_frame - before[ALICE]);
        world.run()?;
        ensure!(world.person(BOB).lines == lines + 1, "message {number} did not arrive");
        costs.send_whole.add(world.person(ALICE).spent_us - before[ALICE]);
        costs.receive.add(world.person(BOB).spent_us_at_line - before[BOB]);
        costs.receive_whole.add(world.person(BOB).spent_us - before[BOB]);
    }
    Ok(costs)
}

/// A text of this many bytes that no other number has.
pub(crate) fn text(number: usize, bytes: usize) -> String {
    let mut text = format!("{number:08} ");
    text.extend("the quick brown fox jumps over the lazy dog ".chars().cycle().take(bytes));
    text.truncate(bytes.max(1));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_length_that_was_asked_for_and_differ() {
        assert_eq!([256, 256, 1].map(|bytes| text(1, bytes).len()), [256, 256, 1]);
        assert_ne!(text(1, 256), text(2, 256));
    }
}
