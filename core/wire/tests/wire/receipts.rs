//! A server's signature covers every receipt of its batch and nothing else (protocol §4).

use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use prost::Message;
use sotto_wire::digest::{log_key_id, receipt_leaf, server_batch_to_sign};
use sotto_wire::ids::{AppendId, BodyHash, Chain, Generation, Minute, PublicKey, Seq, SlotId, TopicId};
use sotto_wire::limits::RECEIPTS_PER_BATCH_MAX;
use sotto_wire::proto::{self, SignedItem};
use sotto_wire::receipt::{
    AppendReceipt, BatchReceipt, Item, ReceiptBatch, ReceiptError, ServerItem, SlotReceipt, verify,
};
use sotto_wire::topic::EntryKind;
use sotto_wire::{Bytes, Reason};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn log_key() -> PublicKey {
    key().verifying_key().into()
}

/// A different item for each number, all three kinds in turn.
fn item(number: u8) -> ServerItem {
    let (seq, minute) = (Seq(u64::from(number) + 1), Minute(28_000_000));
    let item = match number % 3 {
        0 => Item::Append(AppendReceipt {
            seq,
            kind: EntryKind::Application,
            head: Seq(0),
            append_id: AppendId::new([number; 16]),
            body: BodyHash::new([1; 32]),
            chain: Chain::new([2; 32]),
            minute,
        }),
        1 => Item::Batch(BatchReceipt {
            from: Seq(0),
            to: seq,
            chain: Chain::new([number; 32]),
            first_available: Seq(1),
            minute,
        }),
        _ => Item::Slot(SlotReceipt {
            slot: SlotId::new([number; 16]),
            ack: Seq(1),
            proved: Generation(2),
            readable_to: None,
            minute,
            newest: seq,
            first_available: Seq(1),
        }),
    };
    ServerItem { topic: TopicId::new([number; 32]), item }
}

fn signed(count: u8) -> Vec<SignedItem> {
    let mut batch = ReceiptBatch::new();
    let numbers: Vec<_> = (0..count).map(|number| batch.add(&item(number))).collect();
    let signed = batch.sign(log_key(), |message| key().sign(message).into());
    numbers.into_iter().map(|number| signed.get(number).unwrap()).collect()
}

#[test]
fn every_receipt_of_every_batch_verifies() {
    for count in 1..=70 {
        for (number, receipt) in (0..count).zip(signed(count)) {
            assert_eq!(verify(&receipt, log_key()), Ok(item(number)), "{number} of {count}");
        }
    }
}

#[test]
fn one_signature_serves_the_whole_batch() {
    let mut batch = ReceiptBatch::new();
    for number in 0..50 {
        batch.add(&item(number));
    }
    let mut calls = 0;
    let signed = batch.sign(log_key(), |message| {
        calls += 1;
        key().sign(message).into()
    });
    assert_eq!(calls, 1);
    assert!(signed.get(49).is_some());
    assert_eq!(signed.get(50), None);
}

#[test]
fn an_empty_batch_is_not_signed() {
    let batch = ReceiptBatch::new();
    assert!(batch.is_empty());
    let signed = batch.sign(log_key(), |_| unreachable!("there is nothing to sign"));
    assert_eq!(signed.get(0), None);
}

#[test]
fn the_smallest_batch_has_no_path() {
    let [receipt] = signed(1).try_into().unwrap();
    let signature = receipt.signature.as_ref().unwrap();
    assert!(signature.path.is_empty());
    assert_eq!((signature.leaf_index, signature.leaf_count), (0, 1));
}

#[test]
fn another_servers_receipt_proves_nothing() {
    let other = SigningKey::from_bytes(&[4; 32]).verifying_key().into();
    assert_eq!(verify(&signed(5)[2], other), Err(ReceiptError::OtherKey));
}

#[test]
fn a_receipt_is_not_moved_to_another_place_or_tree() {
    for count in 1..=9u32 {
        for receipt in signed(count as u8) {
            let true_place = receipt.signature.as_ref().map(|signature| signature.leaf_index).unwrap();
            for (index, tree) in (0..12).flat_map(|tree| (0..12).map(move |index| (index, tree))) {
                let mut moved = receipt.clone();
                let signature = moved.signature.as_mut().unwrap();
                (signature.leaf_index, signature.leaf_count) = (index, tree);
                let same = index == true_place && tree == count;
                assert_eq!(verify(&moved, log_key()).is_ok(), same, "{index} of {tree}, was {count}");
            }
        }
    }
}

#[test]
fn an_inner_node_is_not_an_item() {
    // Without the first byte of leaves and nodes (RFC 9162), two leaves' hashes would pass as one item.
    let receipts = signed(2);
    let [left, right] =
        [&receipts[0], &receipts[1]].map(|one| one.signature.clone().unwrap().path[0].clone());
    let mut forged = receipts[0].clone();
    forged.item = [right, left].concat().into();
    let signature = forged.signature.as_mut().unwrap();
    signature.path.clear();
    signature.leaf_count = 1;
    assert!(verify(&forged, log_key()).is_err());
}

/// What `verify` says about an item that the server did sign, whatever it says.
fn signed_as_it_is(item: proto::server_item::Item) -> Result<ServerItem, ReceiptError> {
    let item: Bytes =
        proto::ServerItem { topic: vec![1; 32].into(), item: Some(item) }.encode_to_vec().into();
    let signature = key().sign(&server_batch_to_sign(1, &receipt_leaf(&item))).to_bytes();
    let signature = proto::ServerSignature {
        key_id: log_key_id(log_key()).to_vec().into(),
        leaf_index: 0,
        leaf_count: 1,
        path: vec![],
        signature: signature.to_vec().into(),
    };
    verify(&SignedItem { item, signature: Some(signature) }, log_key())
}

#[test]
fn a_receipt_that_makes_no_sense_is_refused_although_it_is_signed() {
    let append = |seq, head, kind| {
        signed_as_it_is(proto::server_item::Item::Append(proto::AppendReceipt {
            seq,
            kind,
            head,
            append_id: vec![1; 16].into(),
            body_hash: vec![1; 32].into(),
            chain: vec![1; 32].into(),
            minute: 1,
        }))
    };
    assert!(append(2, 1, 1).is_ok());
    let order = |what| Err(ReceiptError::Malformed(Reason::OutOfOrder { what }));
    assert_eq!(append(2, 2, 1), order("head and seq"));
    assert_eq!(append(0, 0, 1), order("head and seq"));
    let no_kind = Err(ReceiptError::Malformed(Reason::Missing { what: "entry kind" }));
    assert_eq!(append(2, 1, 0), no_kind);
    assert_eq!(append(2, 1, 257), no_kind, "not cut to a byte");
    let batch = |from_seq, to_seq| {
        signed_as_it_is(proto::server_item::Item::Batch(proto::BatchReceipt {
            from_seq,
            to_seq,
            chain: vec![1; 32].into(),
            first_available_seq: 1,
            minute: 1,
        }))
    };
    assert!(batch(2, 2).is_ok(), "an empty range is how a topic begins");
    assert_eq!(batch(3, 2), order("ends of a range"));
}

#[test]
fn a_tree_larger_than_any_server_signs_is_refused() {
    let mut receipt = signed(4)[0].clone();
    receipt.signature.as_mut().unwrap().leaf_count = RECEIPTS_PER_BATCH_MAX + 1;
    let refused = ReceiptError::Malformed(Reason::OutOfRange { what: "receipt count" });
    assert_eq!(verify(&receipt, log_key()), Err(refused));
}

#[test]
fn a_path_that_is_absurdly_long_is_refused_at_once() {
    let mut receipt = signed(4)[0].clone();
    receipt.signature.as_mut().unwrap().path = vec![Bytes::from_static(&[0; 32]); 10_000];
    assert_eq!(verify(&receipt, log_key()), Err(ReceiptError::Path));
}

/// Every byte of a receipt that means something, one after the other.
fn flip(receipt: &mut SignedItem, place: usize, bit: u8) {
    let signature = receipt.signature.as_mut().unwrap();
    let mut fields: Vec<&mut Bytes> =
        vec![&mut receipt.item, &mut signature.signature, &mut signature.key_id];
    fields.extend(&mut signature.path);
    let mut place = place % (fields.iter().map(|field| field.len()).sum::<usize>() + 8);
    for field in fields {
        if place < field.len() {
            let mut bytes = field.to_vec();
            bytes[place] ^= 1 << bit;
            *field = bytes.into();
            return;
        }
        place -= field.len();
    }
    let number = if place < 4 { &mut signature.leaf_index } else { &mut signature.leaf_count };
    *number ^= 1 << (u32::from(bit) + 8 * (place as u32 % 4));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_changed_bit_anywhere_makes_a_receipt_worthless(
        count in 1u8..40,
        number: prop::sample::Index,
        place: usize,
        bit in 0u8..8,
    ) {
        let mut receipt = signed(count).swap_remove(number.index(count.into()));
        flip(&mut receipt, place, bit);
        prop_assert!(verify(&receipt, log_key()).is_err());
    }
}
