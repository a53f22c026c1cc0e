//! Over many random histories: what an account signs is believed, and nothing else is.

use crate::account::{AIK, RK, account, device, genesis, manager, next, public};
use proptest::prelude::*;
use sotto_identity::{Device, DeviceList, ListBody, SignedList, Step};

/// An account that knows which keys sign next.
struct Owner {
    list: DeviceList,
    aik: u16,
    rk: u16,
    fresh: u16,
    chain: Vec<SignedList>,
}

impl Owner {
    fn new() -> Self {
        let list = genesis();
        Self { chain: vec![list.signed().clone()], list, aik: AIK, rk: RK, fresh: 3000 }
    }

    fn fresh(&mut self) -> u16 {
        self.fresh += 1;
        self.fresh
    }

    /// One step of a random life; steps that make no sense now are skipped.
    fn live(&mut self, choice: u8, pick: usize) {
        let mut devices = self.list.devices().to_vec();
        let (aik, rk, new) = (self.fresh(), self.fresh(), self.fresh());
        let (step, signer) = match choice % 4 {
            0 if devices.len() < 32 => {
                devices.push(if pick.is_multiple_of(2) { manager(new) } else { device(new) });
                (Step::Add, self.aik)
            }
            1 if devices.len() > 1 => {
                devices.remove(pick % devices.len());
                (Step::Revoke { next_aik: public(aik) }, self.aik)
            }
            2 => {
                let place = pick % devices.len();
                devices[place].manages_devices ^= true;
                (Step::Rotate { next_aik: public(aik) }, self.aik)
            }
            3 => {
                devices = vec![manager(new)];
                (Step::Recovery { next_aik: public(aik), next_rk: public(rk) }, self.rk)
            }
            _ => return,
        };
        let signed = next(&self.list, step, devices, signer);
        self.list = self.list.successor(&signed).expect("the account's own step");
        self.chain.push(signed);
        match step {
            Step::Add => {}
            Step::Revoke { .. } | Step::Rotate { .. } => self.aik = aik,
            Step::Recovery { .. } => (self.aik, self.rk) = (aik, rk),
        }
    }
}

fn lived() -> impl Strategy<Value = Owner> {
    proptest::collection::vec((any::<u8>(), any::<usize>()), 0..12).prop_map(|steps| {
        let mut owner = Owner::new();
        steps.into_iter().for_each(|(choice, pick)| owner.live(choice, pick));
        owner
    })
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} lists, newest {:?}", self.chain.len(), self.list.body())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_life_of_an_account_verifies(owner in lived()) {
        let list = DeviceList::chain(account(), &owner.chain).unwrap();
        prop_assert_eq!(&list, &owner.list);
        for (pin, signed) in list.pins().iter().zip(&owner.chain) {
            prop_assert_eq!(pin.hash, signed.hash());
            prop_assert_eq!(list.check_pin(*pin), Ok(()));
        }
        prop_assert!(list.pins().windows(2).all(|pair| pair[1].follows(&pair[0])));
    }

    #[test]
    fn one_changed_bit_anywhere_breaks_the_chain(owner in lived(), place: prop::sample::Index, bit in 0u8..8) {
        let mut chain = owner.chain;
        let bytes: usize = chain.iter().map(|signed| signed.list.len() + 64).sum();
        let mut place = place.index(bytes);
        for signed in &mut chain {
            let mut list = signed.list.to_vec();
            let mut signature = *signed.signature.as_bytes();
            let length = list.len();
            if place < length {
                list[place] ^= 1 << bit;
            } else if place < length + 64 {
                signature[place - length] ^= 1 << bit;
            } else {
                place -= length + 64;
                continue;
            }
            *signed = SignedList { list: list.into(), signature: sotto_wire::ids::Signature::new(signature) };
            break;
        }
        prop_assert!(DeviceList::chain(account(), &chain).is_err());
    }

    #[test]
    fn any_list_left_out_or_moved_breaks_the_chain(owner in lived(), one: prop::sample::Index, other: prop::sample::Index) {
        let (one, other) = (one.index(owner.chain.len()), other.index(owner.chain.len()));
        if one + 1 < owner.chain.len() {
            let mut gap = owner.chain.clone();
            gap.remove(one);
            prop_assert!(DeviceList::chain(account(), &gap).is_err());
        }
        if one != other {
            let mut swapped = owner.chain.clone();
            swapped.swap(one, other);
            prop_assert!(DeviceList::chain(account(), &swapped).is_err());
        }
    }

    #[test]
    fn no_other_key_extends_a_chain(owner in lived(), signer in 1u16..2500) {
        prop_assume!(signer != owner.aik && signer != owner.rk);
        let mut devices: Vec<Device> = owner.list.devices().to_vec();
        devices.truncate(31);
        devices.push(device(60_000));
        let planted = next(&owner.list, Step::Add, devices, signer);
        prop_assert!(owner.list.successor(&planted).is_err());
    }

    #[test]
    fn a_list_reads_back_as_it_was_written(owner in lived()) {
        let body = owner.list.body();
        prop_assert_eq!(&ListBody::parse(&body.encode()).unwrap(), body);
    }
}
