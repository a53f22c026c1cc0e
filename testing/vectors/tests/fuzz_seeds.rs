//! Every fuzz target over every vector and many seeded mutations of it: what `cargo fuzz` would begin with, without a
//! nightly toolchain.

#![cfg(test)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_vectors::families::{self, Family};
use sotto_vectors::targets::{self, Target};

fn seeds(of: &[&str]) -> Vec<Vec<u8>> {
    let families = families::all();
    let wanted = families.iter().filter(|family| of.contains(&family.name));
    wanted.flat_map(|family: &Family| family.vectors.iter().map(|vector| vector.bytes.to_vec())).collect()
}

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

fn run(name: &str, target: Target, bytes: &[u8]) {
    let result = catch_unwind(AssertUnwindSafe(|| target(bytes)));
    assert!(result.is_ok(), "{name} breaks on {}", hex::encode(bytes));
}

#[test]
fn every_target_keeps_its_promise_on_every_vector() {
    for (name, target, of) in targets::ALL {
        let seeds = seeds(of);
        assert!(!seeds.is_empty(), "{name} has no seed");
        seeds.iter().for_each(|seed| run(name, *target, seed));
    }
}

#[test]
fn every_target_keeps_its_promise_on_every_other_targets_vectors() {
    let all: Vec<_> = families::all().into_iter().flat_map(|family| family.vectors).collect();
    for (name, target, _) in targets::ALL {
        all.iter().for_each(|vector| run(name, *target, &vector.bytes));
    }
}

#[test]
fn every_target_keeps_its_promise_on_every_truncation() {
    for (name, target, of) in targets::ALL {
        for seed in seeds(of) {
            let step = seed.len().div_ceil(200).max(1);
            (0..seed.len()).step_by(step).for_each(|length| run(name, *target, &seed[..length]));
        }
    }
}

#[test]
fn every_target_keeps_its_promise_on_seeded_mutations() {
    for (number, (name, target, of)) in targets::ALL.iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
        let seeds = seeds(of);
        for _ in 0..5_000 {
            let seed = &seeds[below(&mut rng, seeds.len())];
            let other = &seeds[below(&mut rng, seeds.len())];
            run(name, *target, &mutated(seed, other, &mut rng));
        }
    }
}

#[test]
fn every_target_keeps_its_promise_on_noise() {
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    for _ in 0..500 {
        let mut noise = vec![0; below(&mut rng, 300)];
        rng.fill_bytes(&mut noise);
        targets::ALL.iter().for_each(|(name, target, _)| run(name, *target, &noise));
    }
}

#[test]
fn every_target_has_a_fuzz_binary_and_no_other_binary_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let files =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let binaries: BTreeSet<_> = files.collect();
    let targets: BTreeSet<_> = targets::ALL.iter().map(|(name, _, _)| format!("{name}.rs")).collect();
    assert_eq!(binaries, targets);
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    for (name, _, _) in targets::ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml does not build {name}");
    }
}
