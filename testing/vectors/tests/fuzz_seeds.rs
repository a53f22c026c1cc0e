//! Every fuzz target over every vector and many seeded mutations of it: what `cargo fuzz` would begin with, without a
//! nightly toolchain.

#![cfg(test)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_vectors::families;
use sotto_vectors::targets::{self, Cost, Target};

fn below(rng: &mut ChaCha8Rng, end: usize) -> usize {
    (rng.next_u64() % end.max(1) as u64) as usize
}

/// One to four small changes, of the kind a fuzzer makes.
fn mutated(seed: &[u8], other: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=below(rng, 4) {
        let place = below(rng, bytes.len());
        match rng.next_u32() % 7 {
            0 if !bytes.is_empty() => bytes[place] ^= 1 << (rng.next_u32() % 8),
            1 if !bytes.is_empty() => bytes[place] = [0, 1, 0x7f, 0x80, 0xff][below(rng, 5)],
            2 => bytes.truncate(place),
            3 => bytes.insert(place, rng.next_u32() as u8),
            4 if !bytes.is_empty() => drop(bytes.remove(place)),
            5 => {
                let end = (place + below(rng, 64)).min(bytes.len());
                bytes.extend_from_within(place..end);
            }
            _ => {
                let from = below(rng, other.len());
                let to = (from + below(rng, 64)).min(other.len());
                bytes.splice(place..place, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// How many mutations of its seeds a target gets: as many as a test run can afford, or so many times more.
fn mutations(cost: Cost) -> usize {
    let once = match cost {
        Cost::Parser => 5_000,
        Cost::Cryptography => 300,
        Cost::Machine => 40,
    };
    once * usize::try_from(factor()).unwrap()
}

/// `SOTTO_FUZZ_FACTOR=100` turns these tests into a fuzzer that needs no other tools; other mutations than without it.
fn factor() -> u64 {
    std::env::var("SOTTO_FUZZ_FACTOR").map_or(1, |factor| factor.parse().unwrap())
}

fn run(target: &Target, bytes: &[u8]) {
    let result = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes)));
    assert!(result.is_ok(), "{} breaks on {}", target.name, hex::encode(bytes));
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    target.seeds().into_iter().map(|(_, bytes)| bytes).collect()
}

fn of(cost: Cost) -> impl Iterator<Item = &'static Target> {
    targets::ALL.iter().filter(move |target| target.cost == cost)
}

fn on_every_seed_and_truncation(cost: Cost) {
    for target in of(cost) {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        for seed in seeds {
            run(target, &seed);
            let pieces = mutations(cost).min(200);
            let step = seed.len().div_ceil(pieces).max(1);
            (0..seed.len()).step_by(step).for_each(|length| run(target, &seed[..length]));
        }
    }
}

fn on_seeded_mutations(cost: Cost) {
    for (number, target) in of(cost).enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64 + (factor() - 1) * 1_000);
        let seeds = seeds(target);
        for _ in 0..mutations(cost) {
            let seed = &seeds[below(&mut rng, seeds.len())];
            let other = &seeds[below(&mut rng, seeds.len())];
            run(target, &mutated(seed, other, &mut rng));
        }
    }
}

fn on_noise(cost: Cost) {
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    for _ in 0..mutations(cost) / 10 {
        let mut noise = vec![0; below(&mut rng, 300)];
        rng.fill_bytes(&mut noise);
        of(cost).for_each(|target| run(target, &noise));
    }
}

#[test]
fn every_parser_keeps_its_promise_on_every_seed_and_truncation() {
    on_every_seed_and_truncation(Cost::Parser);
    on_every_seed_and_truncation(Cost::Cryptography);
}

#[test]
fn every_parser_keeps_its_promise_on_seeded_mutations() {
    on_seeded_mutations(Cost::Parser);
    on_seeded_mutations(Cost::Cryptography);
}

#[test]
fn every_parser_keeps_its_promise_on_noise() {
    on_noise(Cost::Parser);
    on_noise(Cost::Cryptography);
}

#[test]
fn every_machine_keeps_its_promise_on_every_seed_and_truncation() {
    on_every_seed_and_truncation(Cost::Machine);
}

#[test]
fn every_machine_keeps_its_promise_on_seeded_mutations() {
    on_seeded_mutations(Cost::Machine);
}

#[test]
fn every_machine_keeps_its_promise_on_noise() {
    on_noise(Cost::Machine);
}

#[test]
fn every_parser_keeps_its_promise_on_every_other_targets_vectors() {
    let all: Vec<_> = families::all().into_iter().flat_map(|family| family.vectors).collect();
    for target in of(Cost::Parser) {
        all.iter().for_each(|vector| run(target, &vector.bytes));
    }
}

/// Inputs that once broke a promise, one folder a target; the README there tells each story.
#[test]
fn what_once_broke_a_target_does_not_any_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions");
    for target in targets::ALL {
        let Ok(inputs) = std::fs::read_dir(folder.join(target.name)) else { continue };
        for input in inputs {
            run(target, &std::fs::read(input.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_target_has_a_fuzz_binary_and_no_other_binary_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let files =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let binaries: BTreeSet<_> = files.collect();
    let names: BTreeSet<_> = targets::ALL.iter().map(|target| format!("{}.rs", target.name)).collect();
    assert_eq!(binaries, names);
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    let table = include_str!("../../../fuzz/README.md");
    for Target { name, .. } in targets::ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml does not build {name}");
        assert!(table.contains(&format!("| `{name}` |")), "fuzz/README.md does not say what {name} reads");
    }
}
