//! The inventory as a document, for people: `docs/data-inventory.md`.

use std::fmt::Write as _;

use super::classification::{Table, Tier};
use super::tables::TABLES;
use crate::database::DatabaseFile;

const HEAD: &str = "\
# What the server holds

Every field that a Sotto server stores, why, how long, and who may be shown it. Written from the program's own tables by a
test (`UPDATE=1 cargo test -p sotto-sqlite --test inventory`), which fails when a column is missing here.

The two files have nothing in common: no row, key or order of rows leads from an account to a topic or back. All times in
`directory.db` are days. A request about an account can reach `directory.db` only; what a topic's tables hold can be
asked for only by the topic's name, which no account's data contains.

Not stored at all: addresses and phone numbers, network addresses, who talks with whom, names of conversations, keys that
open anything, logs of requests.

What is deleted is overwritten in the file at once and leaves the write-ahead log within minutes. SQLite may leave part of
a deleted row in the unused part of a page until the page is used again; files of up to 32 MiB are packed anew once a
day, which removes that too.

`sottod inventory` prints how much there is of each, `sottod inventory @name` every row about one account.
";

/// The whole document.
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    // Writing to a string does not fail.
    let _ = write!(text, "\n## Who may be shown it\n\n| tier | meaning |\n|---|---|\n");
    for tier in Tier::ALL {
        let _ = writeln!(text, "| {tier} | {} |", tier.meaning());
    }
    for file in DatabaseFile::ALL {
        let _ = write!(text, "\n## {file}\n");
        TABLES.iter().filter(|table| table.file == file).for_each(|table| describe(&mut text, table));
    }
    text
}

fn describe(text: &mut String, table: &Table) {
    let _ = write!(
        text,
        "\n### {}\n\nA row is {}.\n\n| field | purpose | kept | tier |\n|---|---|---|---|\n",
        table.name, table.row
    );
    for field in table.fields {
        let (retention, tier) = (field.retention, field.tier);
        let _ = writeln!(text, "| `{}` | {} | {retention} | {tier} |", field.column, field.purpose);
    }
}
