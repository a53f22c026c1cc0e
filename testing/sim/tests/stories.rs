//! What a run tells.

use sotto_sim::run::{FAULTS_MIN, MESSAGES_MIN};
use sotto_sim::{Planted, run};

#[test]
fn the_same_seed_tells_the_same_story_twice() {
    for seed in (0..24).chain([1_000_003, u64::MAX]) {
        let (one, other) = (run(seed, None), run(seed, None));
        let (one, other) = (one.story.to_string(), other.story.to_string());
        let parted = one.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(parted, None, "seed {seed}");
        assert_eq!(one.len(), other.len(), "seed {seed}");
    }
}

#[test]
fn other_seeds_tell_other_stories() {
    assert_ne!(run(1, None).story.to_string(), run(2, None).story.to_string());
}

#[test]
fn every_run_has_enough_of_both_messages_and_faults() {
    for seed in 500..520 {
        let outcome = run(seed, None);
        assert!(outcome.messages >= MESSAGES_MIN && outcome.faults >= FAULTS_MIN, "seed {seed}");
        assert_eq!(outcome.story.findings(), Vec::<&str>::new(), "seed {seed}");
    }
}

#[test]
fn a_failing_seed_says_what_was_found_and_how_to_see_it_again() {
    let bug = Some(Planted::AcknowledgeBeforeFsync);
    let outcome = (0..200).map(|seed| run(seed, bug)).find(|outcome| !outcome.is_good()).unwrap();
    let story = outcome.story.to_string();
    let found = story.lines().filter(|line| line.contains(" ! ")).count();
    assert_eq!(found, outcome.story.findings().len());
    assert!(story.contains(" * the server loses power at a write"), "{story}");
    let replay = format!("cargo xtask sim --seed {} --planted acknowledge-before-fsync", outcome.seed);
    assert_eq!(outcome.replay(bug), replay);
}
