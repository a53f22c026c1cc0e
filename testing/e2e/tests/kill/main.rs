//! `kill -9` of the server and of both clients, two hundred times, in the middle of a conversation.
//!
//! Both write without a pause, the declaration in many languages, and now and then start over on a new leg. A kill
//! waits for a moment drawn from a seed: the n-th time that an item of somebody's outbox reaches a certain state. What
//! the outbox held at that instant is read from the database the kill left behind, and counted by state.
//!
//! Afterwards: whatever a client acknowledged is in both histories, once and in order; both histories are the same;
//! nobody was alarmed; the server's databases are whole.

mod game;
mod side;
mod tally;

use std::sync::mpsc::channel;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;
use sotto_e2e::{Stage, database, inputs};

use crate::game::Game;
use crate::side::Side;
use crate::tally::Tally;

const KILLS: usize = 200;
/// More of them, for a long night.
const KILLS_VARIABLE: &str = "SOTTO_TEST_KILLS";
const LANGUAGES: usize = 100;
/// Another one plays another game.
const SEED_VARIABLE: &str = "SOTTO_TEST_SEED";

#[test]
fn two_hundred_kills_lose_and_double_nothing() -> anyhow::Result<()> {
    let given = |name| std::env::var(name).ok().map(|number| number.parse::<u64>()).transpose();
    let seed = given(SEED_VARIABLE)?.unwrap_or(1948);
    let kills = given(KILLS_VARIABLE)?.map_or(Ok(KILLS), usize::try_from)?;
    let mut stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let articles: Vec<String> =
        inputs::some_languages(LANGUAGES)?.into_iter().flat_map(|language| language.articles).collect();
    let every_other = |first| articles.iter().skip(first).step_by(2).cloned().collect();
    let (tell, heard) = channel();
    let sides = [
        Side::start(&alice, &bob, 0, every_other(0), &tell)?,
        Side::start(&bob, &alice, 1, every_other(1), &tell)?,
    ];
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let started = Instant::now();
    let mut game = Game { stage: &mut stage, sides, tell, heard, rng, tally: Tally::default(), moved: 0 };
    game.remember_introduction()?;
    game.play(kills).with_context(|| format!("{SEED_VARIABLE}={seed}"))?;
    let killing = started.elapsed().as_secs_f64();
    game.finish()?;
    let messages = game.compare().with_context(|| format!("{SEED_VARIABLE}={seed}"))?;
    println!(
        "{} kills in {killing:.0} s, {messages} messages ({} of them moved among others of their minute), {} new legs \
         asked for, seed {seed}\n{}",
        game.tally.kills(),
        game.moved,
        game.tally.start_overs,
        game.tally.table()?
    );
    game.tally.covers_every_state()?;
    drop(game);
    for who in [&alice, &bob] {
        let mut there = who.listen()?;
        let alarms = there.alarms()?;
        ensure!(alarms.is_empty(), "an honest server raises no alarm: {alarms:?}");
    }
    stage.server.stop()?;
    let databases = database::check_server(stage.server.data())?;
    println!("{databases} databases of the server are whole");
    Ok(())
}
