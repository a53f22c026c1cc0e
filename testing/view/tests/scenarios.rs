//! The scenarios natively, in memory and in files: what runs in a browser runs here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rusqlite::Connection;
use sotto_view_tests::databases;
use sotto_view_tests::scenarios::ALL;

fn run(story: &str, name: &str) {
    let name = format!("{story}::{name}");
    (ALL.iter().find(|scenario| scenario.name == name).unwrap().run)();
}

macro_rules! in_memory {
    ($($story:ident: $($name:ident),+;)+) => {
        $(mod $story {
            $(#[test]
            fn $name() {
                super::run(stringify!($story), stringify!($name));
            })+
        })+
    };
}

sotto_view_tests::scenarios!(in_memory);

#[test]
fn all_of_it_in_files_that_are_closed_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    for (place, scenario) in ALL.iter().enumerate() {
        let folder = folder.path().join(place.to_string());
        std::fs::create_dir(&folder).unwrap();
        databases::are_files(move |name| {
            // A database tells the whole path as its name.
            let connection = Connection::open(folder.join(name)).unwrap();
            connection.pragma_update(None, "synchronous", "OFF").unwrap();
            connection
        });
        (scenario.run)();
    }
}
