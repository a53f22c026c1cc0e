//! What a user or an attacker notices of the service, over every store.
//!
//! Tests speak to a [`World`]: the real service, a clock that stands until it is moved, and clients that send
//! encoded frames and read encoded frames. Whatever the server signs is verified before a test sees it. `over_stores!`
//! runs each test over the store in memory and over SQLite; [`Failing`] is a store whose disk is full when the test
//! says so.
#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "helpers of tests")]

mod failing;
mod people;
mod talk;
mod topics;
mod world;

pub use failing::{Disk, Failing};
pub use people::{Person, invite};
pub use talk::{TopicAnswer, item_of, receipt_of};
pub use topics::{Chat, Reader, body};
pub use world::{OPEN, Store, World};

/// One module per test, with the test over each store.
#[macro_export]
macro_rules! over_stores {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn in_memory() {
                super::$name(&mut $crate::World::in_memory());
            }

            #[test]
            fn in_sqlite() {
                super::$name(&mut $crate::World::in_sqlite());
            }
        }
    )+};
}
