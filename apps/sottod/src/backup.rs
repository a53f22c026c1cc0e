//! `sottod backup` and `restore`: databases and signing key, as one directory whose list of contents is checked.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    data_dir::{self, DataDir, copy_private, write_private},
    failure::Failure,
    log_key,
    output::{Output, note},
    serve::SOFTWARE,
    settings::Settings,
};

/// The list of contents: written last, so a directory that has one is whole.
const CONTENTS: &str = "backup.json";
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    format: u32,
    software: String,
    files: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Item {
    name: String,
    bytes: u64,
    sha256: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    BackedUp { directory: PathBuf, bytes: u64 },
    Restored { directory: PathBuf, bytes: u64 },
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BackedUp { directory, bytes } => {
                write!(f, "backed up {bytes} bytes to {}", directory.display())
            }
            Self::Restored { directory, bytes } => {
                write!(f, "restored {bytes} bytes to {}", directory.display())
            }
        }
    }
}

/// Copies everything a server needs to live on. Works while it runs.
pub(crate) fn backup(settings: &Settings, to: &Path, output: Output) -> Result<(), Failure> {
    let from = DataDir::existing(settings)?;
    let to = DataDir::at(to);
    require_vacant(&to, "a backup is never written over something else: name a new directory")?;
    to.make()?;
    let cannot = |error: &dyn fmt::Display| {
        Failure::because(format!("cannot back up to {}", to.path().display()), error)
    };
    sotto_sqlite::backup(from.path(), to.path()).map_err(|error| cannot(&error))?;
    copy_key(&from, &to)?;
    let contents = take_stock(to.path()).map_err(|error| cannot(&error))?;
    let text = serde_json::to_vec_pretty(&contents).map_err(|error| cannot(&error))?;
    write_private(&to.path().join(CONTENTS), &text).map_err(|error| cannot(&error))?;

    output.record(&Done::BackedUp { directory: to.path().to_owned(), bytes: contents.bytes() })?;
    note(format_args!(
        "It holds {}, with which anybody can pose as this server: keep it where nobody else reads.",
        log_key::FILE
    ));
    Ok(())
}

/// Puts a backup in place, after everything about it has been checked.
pub(crate) fn restore(settings: &Settings, from: &Path, output: Output) -> Result<(), Failure> {
    let to = DataDir::named(settings)?;
    require_vacant(
        &to,
        "nothing is ever restored over data that exists: move it away first, or name another --data",
    )?;
    let contents = verify(from)?;
    to.make()?;
    let lock = to.lock()?;
    if let Err(failure) = put_in_place(&DataDir::at(from), &to) {
        // What was there before was nothing.
        to.forget(log_key::FILE);
        to.forget(data_dir::LOCK);
        return Err(failure);
    }
    drop(lock);
    output.record(&Done::Restored { directory: to.path().to_owned(), bytes: contents.bytes() })?;
    note(
        "Clients that saw entries newer than this backup will report a fork of their conversations and start anew.",
    );
    Ok(())
}

/// The databases come last: they are what makes it a server's directory.
fn put_in_place(from: &DataDir, to: &DataDir) -> Result<(), Failure> {
    copy_key(from, to)?;
    sotto_sqlite::restore(from.path(), to.path()).map_err(|error| Failure::Refused(error.to_string()))?;
    Ok(())
}

impl Contents {
    fn bytes(&self) -> u64 {
        self.files.iter().map(|item| item.bytes).sum()
    }
}

fn require_vacant(dir: &DataDir, advice: &str) -> Result<(), Failure> {
    let path = dir.path().display();
    match dir.is_vacant() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Refused(format!("{path} is not empty: {advice}"))),
        Err(error) => Err(Failure::because(format!("cannot look into {path}"), error)),
    }
}

fn copy_key(from: &DataDir, to: &DataDir) -> Result<(), Failure> {
    let path = from.path().join(log_key::FILE);
    if log_key::load(from)?.is_none() {
        return Err(Failure::Refused(format!("{} is missing; see `sottod doctor`", path.display())));
    }
    copy_private(&path, &to.path().join(log_key::FILE))
        .map_err(|error| Failure::because(format!("cannot copy {}", path.display()), error))
}

/// Every file of a finished backup, in the order of their names.
fn take_stock(dir: &Path) -> io::Result<Contents> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        files.push(measure(&entry.path(), entry.file_name().to_string_lossy().into_owned())?);
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Contents { format: FORMAT, software: SOFTWARE.to_owned(), files })
}

fn measure(path: &Path, name: String) -> io::Result<Item> {
    let mut file = fs::File::open(path)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Item { name, bytes, sha256: hex::encode(hash.finalize()) });
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
}

/// Reads the list of contents and checks every file against it.
fn verify(from: &Path) -> Result<Contents, Failure> {
    let list = from.join(CONTENTS);
    let text = fs::read(&list).map_err(|error| {
        Failure::because(format!("{} is no finished backup: cannot read {CONTENTS}", from.display()), error)
    })?;
    let contents: Contents = serde_json::from_slice(&text)
        .map_err(|error| Failure::because(format!("{} does not parse", list.display()), error))?;
    if contents.format > FORMAT {
        let software = &contents.software;
        return Err(Failure::Refused(format!(
            "this backup was made by {software}: restore it with that version"
        )));
    }
    for item in &contents.files {
        check(from, item)?;
    }
    Ok(contents)
}

fn check(from: &Path, item: &Item) -> Result<(), Failure> {
    let path = from.join(&item.name);
    // A name that leads elsewhere is not one that a backup has.
    if path.file_name() != Some(item.name.as_ref()) {
        return Err(Failure::Refused(format!(
            "{} names a file outside of the backup",
            from.join(CONTENTS).display()
        )));
    }
    let found = measure(&path, item.name.clone())
        .map_err(|error| Failure::because(format!("cannot read {}", path.display()), error))?;
    if &found != item {
        let path = path.display();
        return Err(Failure::Refused(format!("{path} is not what was backed up: use another backup")));
    }
    Ok(())
}
