//! Many messages at once: what a device does that was away.

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use sotto_engine::api::Command;

use crate::conversation::text;
use crate::world::{ALICE, BOB, World};

/// A device was away while much was written.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CatchUp {
    /// Messages.
    pub messages: usize,
    /// What the sender's engine worked for them, in microseconds: all were queued before the first left.
    pub sender_us: f64,
    /// What the recipient's engine worked from going online until the last line was shown, in microseconds.
    pub recipient_us: f64,
}

impl CatchUp {
    /// Messages a second that the recipient's engine stored and showed.
    pub fn messages_per_s(&self) -> f64 {
        self.messages as f64 / self.recipient_us.max(1.0) * 1e6
    }

    /// Messages a second that the sender's engine sent.
    pub fn sent_per_s(&self) -> f64 {
        self.messages as f64 / self.sender_us.max(1.0) * 1e6
    }
}

/// Bob is away; Alice sends `messages` texts of `bytes` bytes, `queued_at_once` queued at a time; Bob comes back.
///
/// # Errors
/// When a message does not arrive.
pub fn catch_up(
    world: &mut World,
    messages: usize,
    bytes: usize,
    queued_at_once: usize,
) -> anyhow::Result<CatchUp> {
    let bob = world.person(BOB).target();
    world.command(BOB, Command::SetOnline { online: false })?;
    let sender_before = world.person(ALICE).spent_us;
    for number in 0..messages {
        world.say(ALICE, &bob, &text(number, bytes))?;
        if (number + 1).is_multiple_of(queued_at_once) {
            world.run()?;
        }
    }
    world.run()?;
    let sender_us = world.person(ALICE).spent_us - sender_before;
    let (lines, recipient_before) = (world.person(BOB).lines, world.person(BOB).spent_us);
    world.command(BOB, Command::SetOnline { online: true })?;
    let arrived = world.person(BOB).lines - lines;
    ensure!(arrived == messages, "{arrived} of {messages} messages arrived");
    ensure!([ALICE, BOB].iter().all(|who| world.person(*who).alarms == 0), "an alarm");
    let recipient_us = world.person(BOB).spent_us_at_line - recipient_before;
    Ok(CatchUp { messages, sender_us, recipient_us })
}
