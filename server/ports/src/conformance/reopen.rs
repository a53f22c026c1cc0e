//! What durable means: the store is closed, opened again, and everything is still there.

use sotto_wire::ids::Seq;
use sotto_wire::topic::ControlChange;

use super::samples::*;
use crate::Store;
use crate::directory::{Dropped, Registered};
use crate::logs::{Append, Appended, Asked, Stretch};

/// Runs the suite's reopening part: `open` opens the same place every time, and the store it gave is dropped before
/// it is called again.
pub fn durable<S: Store>(open: impl Fn() -> S) {
    let (before, first) = fill(&mut open());
    let store = &mut open();
    assert_eq!(register(store, registration(1, "alice")), Ok(Registered::Already));
    assert_eq!(store.account_named(&handle("alice")).unwrap(), Some(account(1)));
    assert_eq!(claim(store, 3, TODAY).unwrap().package, package(2).package, "one was claimed before");
    assert_eq!(store.inbox(account(1), device(1)).unwrap().len(), 1);
    assert_eq!(drop_item(store, item(1, 1)), Ok(Dropped::Already));
    assert_eq!(everything(store, 0), before);
    assert_eq!(append(store, rotating(2, 0, 1)).unwrap(), Appended { asked: Asked::Again, ..first });
    assert_eq!(read_slot(store, slot_key(1)).unwrap().readable_to, Some(Seq(2)));
    assert_eq!(control(store, action(2, ControlChange::Ttl(None), 1)), Ok(Asked::Again));
    assert_eq!(appended(store, Append { capability: capability(1), ..application(4, 2) }), 4);
}

fn fill(store: &mut impl Store) -> (Stretch, Appended) {
    register(store, registration(1, "alice")).unwrap();
    publish(store, publication(1, &[1, 2], None)).unwrap();
    claim(store, 1, TODAY).unwrap();
    drop_item(store, item(1, 1)).unwrap();
    with_topic(store);
    with_slot(store, 1);
    appended(store, application(1, 0));
    let rotated = append(store, rotating(2, 0, 1)).unwrap();
    appended(store, Append { capability: capability(1), ..application(3, 2) });
    control(store, action(2, ControlChange::Ttl(None), 1)).unwrap();
    acked(store, 1, 1, TODAY);
    (everything(store, 0), rotated)
}
