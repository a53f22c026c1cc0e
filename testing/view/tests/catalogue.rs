//! Every message of the catalogue is said somewhere.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sotto_texts::say;

/// Where sayings are made.
const SOURCES: [&str; 4] = ["core/view/src", "client/browser/src", "apps/web/src", "apps/sotto/src"];

/// Not drawn yet: to be drawn, or removed.
const AWAITED: &[&str] = &[
    "action-copy",
    "action-show",
    "action-hide",
    "action-more",
    "action-go-offline",
    "alarm-happened",
    "alarm-start-over-hint",
    "composer-request",
    "composer-offline",
    "connection-offline-retry",
    "contact-handle",
    "contact-name",
    "contact-numbers-compared",
    "nav-calls",
    "list-you",
    "person-name-and-handle",
    "request-decline-hint",
    "request-messages",
    "thread-none-lead",
    "settings-handle",
    "settings-device",
    "signup-server-label",
    "signup-server-hint",
    "signup-invite-optional",
    "words-position",
    "timeline-older-loading",
    "message-copy",
];

fn names(folder: &Path, found: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            found.extend(words.filter(|word| word.contains('_')).map(str::to_owned));
        }
    }
}

#[test]
fn no_message_of_the_catalogue_is_unused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = BTreeSet::new();
    for source in SOURCES {
        names(&root.join(source), &mut found);
    }
    let said = |id: &&&str| found.contains(&id.replace('-', "_"));
    let unused: Vec<&&str> = say::ALL.iter().filter(|id| !said(id) && !AWAITED.contains(id)).collect();
    assert!(unused.is_empty(), "said nowhere: {unused:#?}");
    let gone: Vec<&&str> = AWAITED.iter().filter(|id| !say::ALL.contains(id)).collect();
    assert!(gone.is_empty(), "awaited, and not in the catalogue: {gone:#?}");
}
