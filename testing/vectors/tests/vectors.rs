//! The committed vectors are what the code writes, and other code than ours reads them the same way.

#![cfg(test)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use ed25519_dalek::{Signer, SigningKey, Verifier, VerifyingKey};
use serde_json::Value as Json;
use sotto_vectors::json::Contract;
use sotto_vectors::{families, hashes};

const ANEW: &str = "if the change of format is meant, write them anew: cargo run -p sotto-vectors";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn committed(name: &str) -> Json {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn bytes(json: &Json) -> Vec<u8> {
    hex::decode(json.as_str().unwrap()).unwrap()
}

fn fixed<const N: usize>(json: &Json) -> [u8; N] {
    bytes(json).try_into().unwrap()
}

#[test]
fn the_committed_files_are_what_the_code_writes() {
    let contract = Contract::load().unwrap();
    for family in families::all() {
        let path = folder().join(format!("{}.json", family.name));
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == family.text(&contract).unwrap(), "{} differs; {ANEW}", family.name);
    }
}

#[test]
fn no_other_file_lies_beside_them() {
    let known: BTreeSet<_> = families::all().iter().map(|family| format!("{}.json", family.name)).collect();
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name());
    let names = files.map(|name| name.into_string().unwrap()).filter(|name| name != "README.md");
    let found: BTreeSet<_> = names.collect();
    assert_eq!(found, known, "{ANEW}");
}

#[test]
fn the_contract_alone_turns_the_fields_into_the_bytes() {
    let contract = Contract::load().unwrap();
    let mut read = 0;
    for family in families::all() {
        for vector in committed(family.name)["vectors"].as_array().unwrap() {
            let Some(message) = vector["message"].as_str() else { continue };
            let made = contract.to_bytes(message, &vector["fields"]).unwrap();
            assert_eq!(hex::encode(made), vector["bytes"], "{} in {}", vector["name"], family.name);
            read += 1;
        }
    }
    assert!(read > 90, "only {read} vectors");
}

#[test]
fn every_field_of_every_message_appears() {
    let contract = Contract::load().unwrap();
    let mut seen = BTreeSet::new();
    for family in families::all() {
        for vector in &family.vectors {
            if let Some(message) = vector.message {
                contract.collect_fields(message, &vector.bytes, &mut seen).unwrap();
            }
        }
    }
    let missing: Vec<_> = contract.fields().difference(&seen).cloned().collect();
    assert!(missing.is_empty(), "no vector has {missing:?}");
}

#[test]
fn every_vector_has_a_name_of_its_own() {
    for family in families::all() {
        let names: BTreeSet<_> = family.vectors.iter().map(|vector| &vector.name).collect();
        assert_eq!(names.len(), family.vectors.len(), "{}", family.name);
    }
}

#[test]
fn hash_inputs_are_those_of_the_protocol_text() {
    for hash in hashes::inputs() {
        assert!(hash.agrees(), "{}: the code disagrees with {}", hash.name, hash.rule);
    }
}

#[test]
fn committed_hashes_are_hashes_of_the_committed_inputs() {
    use sha2::{Digest, Sha256};
    for vector in committed("hash-inputs")["vectors"].as_array().unwrap() {
        if let Some(hash) = vector["sha256"].as_str() {
            let full = hex::encode(Sha256::digest(bytes(&vector["bytes"])));
            assert!(full.starts_with(hash), "{}", vector["name"]);
        }
    }
}

#[test]
fn committed_lists_are_signed_by_the_key_their_predecessor_names() {
    let file = committed("device-lists");
    let mut signers: Option<[[u8; 32]; 2]> = None;
    for list in file["vectors"].as_array().unwrap() {
        let key = VerifyingKey::from_bytes(&fixed(&list["signer"])).unwrap();
        let signature = fixed::<64>(&list["signature"]).into();
        assert!(key.verify(&bytes(&list["signed"]), &signature).is_ok(), "{}", list["name"]);
        assert_eq!(
            SigningKey::from_bytes(&fixed(&list["signer_seed"])).sign(&bytes(&list["signed"])),
            signature
        );
        let fields = &list["fields"];
        if let Some([aik, rk]) = signers {
            let expected = if list["name"] == "recovery" { rk } else { aik };
            assert_eq!(key.to_bytes(), expected, "{}", list["name"]);
        }
        signers = Some([fixed(&fields["next_aik"]), fixed(&fields["next_rk"])]);
    }
}

#[test]
fn committed_key_packages_are_signed_by_their_device() {
    let file = committed("key-packages");
    let key = VerifyingKey::from_bytes(&fixed(&file["shared"]["device_key"])).unwrap();
    for package in file["vectors"].as_array().unwrap() {
        let signature = fixed::<64>(&package["signature"]).into();
        assert!(key.verify(&bytes(&package["signed"]), &signature).is_ok(), "{}", package["name"]);
    }
}
