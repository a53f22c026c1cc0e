//! Both ends of a new contact write in the same second: one conversation, both messages, at both ends.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sotto_e2e::wait::{self, PATIENCE};
use sotto_e2e::{Client, Listening, Stage};
use sotto_engine::api::{Event, OutboxKind, OutboxState};

const ROUNDS: usize = 6;

/// Both do it at once; returns how far apart they began, and what came of it.
fn at_once<T: Send>(
    one: impl FnOnce() -> anyhow::Result<T> + Send,
    other: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<(Duration, T, T)> {
    let barrier = Barrier::new(2);
    let run = |act: Box<dyn FnOnce() -> anyhow::Result<T> + Send + '_>| {
        barrier.wait();
        (Instant::now(), act())
    };
    thread::scope(|scope| {
        let first = scope.spawn(|| run(Box::new(one)));
        let (other_began, other) = run(Box::new(other));
        let (one_began, one) = first.join().map_err(|_| anyhow::anyhow!("one of the two panicked"))?;
        let apart = one_began.max(other_began) - one_began.min(other_began);
        Ok((apart, one?, other?))
    })
}

/// Both see the same lines, and one conversation.
fn same(one: &Client, other: &Client, expected: usize) -> anyhow::Result<Vec<String>> {
    let texts = wait::until("all messages at both ends", PATIENCE, || {
        let (here, there) = (one.texts(other)?, other.texts(one)?);
        Ok((here.len() == expected && there.len() == expected).then_some((here, there)))
    })?;
    ensure!(texts.0 == texts.1, "both see the same in the same order: {texts:?}");
    for (who, with) in [(one, other), (other, one)] {
        let chats = who.json(&["chats"])?;
        ensure!(chats.len() == 1, "{} has one conversation with {}: {chats:?}", who.at(), with.at());
        ensure!(who.json(&["requests"])?.is_empty(), "whoever has written has accepted");
    }
    Ok(texts.0)
}

#[test]
fn two_commands_in_the_same_second_make_one_conversation() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    for round in 0..ROUNDS {
        let (one, other) = (stage.person(&format!("one_{round}"))?, stage.person(&format!("other_{round}"))?);
        let (apart, _, _) = at_once(
            || one.done(&["send", &other.at(), "from one"]),
            || other.done(&["send", &one.at(), "from the other"]),
        )?;
        ensure!(apart < Duration::from_secs(1), "in the same second: {apart:?}");
        let texts = same(&one, &other, 2).with_context(|| format!("round {round}"))?;
        ensure!(
            texts.contains(&"from one".to_owned()) && texts.contains(&"from the other".to_owned()),
            "{texts:?}"
        );
        at_once(
            || one.done(&["send", &other.at(), "one again"]),
            || other.done(&["send", &one.at(), "the other again"]),
        )?;
        same(&one, &other, 4).with_context(|| format!("round {round}, the answers"))?;
    }
    println!(
        "{ROUNDS} pairs wrote to each other in the same second: one conversation with all messages each time"
    );
    Ok(())
}

/// Whether this client opened a leg of its own before it knew of the other's.
fn opened_a_leg(there: &mut Listening) -> anyhow::Result<bool> {
    // The first of the two things that can become of a first message.
    there.await_event("a leg, opened here or there", |event| match event {
        Event::Outbox { kind: OutboxKind::OpenLeg, state: OutboxState::Staged, .. } => Some(true),
        Event::Message { message } if !message.own => Some(false),
        _ => None,
    })
}

#[test]
fn two_legs_opened_at_once_are_one_conversation() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let mut both_opened = 0;
    for round in 0..ROUNDS {
        let (one, other) = (stage.person(&format!("one_{round}"))?, stage.person(&format!("other_{round}"))?);
        let (mut here, mut there) = (one.listen()?, other.listen()?);
        for client in [&mut here, &mut there] {
            client.sync()?;
        }
        let (to_one, to_other) = (one.target()?, other.target()?);
        let (apart, _, _) =
            at_once(|| here.send(&to_other, "from one"), || there.send(&to_one, "from the other"))?;
        ensure!(apart < Duration::from_secs(1), "in the same second: {apart:?}");
        both_opened += usize::from(opened_a_leg(&mut here)? && opened_a_leg(&mut there)?);
        wait::until_true("everything has arrived", PATIENCE, || {
            for client in [&mut here, &mut there] {
                client.sync()?;
            }
            Ok(here.history(&to_other)?.len() == 2 && there.history(&to_one)?.len() == 2)
        })?;
        here.send(&to_other, "one again")?;
        there.send(&to_one, "the other again")?;
        // Commands of their own, beside the processes that hold the profiles.
        same(&one, &other, 4).with_context(|| format!("round {round}"))?;
        here.end()?;
        there.end()?;
    }
    println!("of {ROUNDS} pairs, {both_opened} opened a leg each at the same time");
    ensure!(both_opened > 0, "at least once they did not know of each other's leg");
    Ok(())
}
