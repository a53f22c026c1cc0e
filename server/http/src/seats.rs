//! How many connections there are, in all and by address prefix. In memory only; prefixes never print.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sotto_service::AddressPrefix;

/// The seats of one server.
pub(crate) struct Seats {
    total_max: usize,
    per_prefix_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    by_prefix: HashMap<AddressPrefix, usize>,
}

/// One connection's place; given back when dropped.
pub(crate) struct Seat {
    seats: Arc<Seats>,
}

/// One connection's place among those from its network; given back when dropped.
struct PrefixSeat {
    seats: Arc<Seats>,
    prefix: AddressPrefix,
}

/// A peer that has been let in: of its address only the network is kept.
pub(crate) struct Visitor {
    prefix: AddressPrefix,
    _seat: Option<PrefixSeat>,
}

impl Visitor {
    /// The network it comes from.
    pub(crate) fn prefix(&self) -> AddressPrefix {
        self.prefix
    }
}

impl Seats {
    pub(crate) fn new(total_max: usize, per_prefix_max: usize) -> Arc<Self> {
        Arc::new(Self { total_max, per_prefix_max, taken: Mutex::default() })
    }

    /// A seat, unless the house is full.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Seat> {
        let mut taken = self.lock();
        if taken.total >= self.total_max {
            return None;
        }
        taken.total += 1;
        Some(Seat { seats: self.clone() })
    }

    /// Lets in a peer with this address, unless its network has all the seats it may have. The own machine
    /// has no limit: there sit proxies, onion services and tests.
    pub(crate) fn let_in(self: &Arc<Self>, address: IpAddr) -> Option<Visitor> {
        let prefix = AddressPrefix::from(address);
        if address.to_canonical().is_loopback() {
            return Some(Visitor { prefix, _seat: None });
        }
        let mut taken = self.lock();
        let count = taken.by_prefix.entry(prefix).or_default();
        if *count >= self.per_prefix_max {
            return None;
        }
        *count += 1;
        Some(Visitor { prefix, _seat: Some(PrefixSeat { seats: self.clone(), prefix }) })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().total -= 1;
    }
}

impl Drop for PrefixSeat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        if let Some(count) = taken.by_prefix.get_mut(&self.prefix) {
            *count -= 1;
            if *count == 0 {
                taken.by_prefix.remove(&self.prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_house_takes_nobody_until_somebody_leaves() {
        let seats = Seats::new(1, 9);
        let seat = seats.take().unwrap();
        assert!(seats.take().is_none());
        drop(seat);
        assert!(seats.take().is_some());
    }

    #[test]
    fn one_network_cannot_take_every_seat() {
        let seats = Seats::new(9, 2);
        let from = |address: &str| seats.let_in(address.parse().unwrap());
        let first = from("192.0.2.1");
        let second = from("192.0.2.200");
        assert!(first.is_some() && second.is_some());
        assert!(from("192.0.2.3").is_none(), "the same /24");
        assert!(from("::ffff:192.0.2.3").is_none(), "the same, written as IPv6");
        assert!(from("192.0.3.3").is_some());
        drop(second);
        let again = from("192.0.2.3");
        assert!(again.is_some());
        drop((first, again));
        assert!(seats.lock().by_prefix.is_empty(), "no address outlives its connections");
    }

    #[test]
    fn the_own_machine_is_not_limited() {
        let seats = Seats::new(9, 0);
        assert!(seats.let_in("127.0.0.1".parse().unwrap()).is_some());
        assert!(seats.let_in("::1".parse().unwrap()).is_some());
    }
}
