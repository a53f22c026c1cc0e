//! Is the data directory ours alone, can it be written, is there room, and are its files whole?

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    time::SystemTime,
};

use nix::{
    sys::statvfs::{Statvfs, statvfs},
    unistd::Uid,
};
use sotto_sqlite::{Checked, Soundness, SqliteStore};

use super::Finding;
use crate::{
    data_dir::{DIRECTORY_MODE, DataDir, FILE_MODE},
    log_key,
};

/// Free space below which the server will soon refuse to store anything.
const FREE_WRONG: u64 = 64 << 20;
/// Free space below which somebody should act.
const FREE_WARNING: u64 = 1 << 30;

/// Everything about storage.
pub(super) fn examine(dir: &DataDir) -> Vec<Finding> {
    let path = dir.path();
    let Some(metadata) = metadata(path) else {
        return vec![nearest_existing(path)];
    };
    if !metadata.is_dir() {
        let advice = "name a directory with --data";
        return vec![Finding::wrong("data", format_args!("{} is not a directory", path.display()), advice)];
    }
    let mut findings = vec![permissions(dir, &metadata), writing(path), space(path)];
    findings.push(signing_key(dir));
    findings.extend(databases(dir));
    findings
}

/// When anything in the data directory changed last.
pub(super) fn newest_change(dir: &DataDir) -> Option<SystemTime> {
    let entries = fs::read_dir(dir.path()).ok()?;
    entries.filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok()).max()
}

fn metadata(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok()
}

/// A directory that the first start will make.
fn nearest_existing(path: &Path) -> Finding {
    let parent = path.ancestors().skip(1).find(|ancestor| ancestor.is_dir());
    match parent.map(probe) {
        Some(Ok(())) => {
            Finding::fine("data", format_args!("{} will be made at the first start", path.display()))
        }
        Some(Err(error)) => Finding::wrong(
            "data",
            format_args!("{} cannot be made: {error}", path.display()),
            "choose another place with --data, or let this user write there",
        ),
        None => {
            Finding::wrong("data", format_args!("{} has no parent", path.display()), "choose another --data")
        }
    }
}

fn permissions(dir: &DataDir, metadata: &Metadata) -> Finding {
    const CHECK: &str = "permissions";
    let path = dir.path().display();
    let me = Uid::effective();
    if metadata.uid() != me.as_raw() && !me.is_root() {
        let owner = metadata.uid();
        let advice = format_args!("run as user {owner}, or: chown -R {me} {path}").to_string();
        return Finding::wrong(CHECK, format_args!("{path} belongs to user {owner}"), advice);
    }
    let open_directory = mode(metadata) & !DIRECTORY_MODE & 0o777;
    if open_directory != 0 {
        let found = format_args!("others can look into {path} (mode {:o})", mode(metadata)).to_string();
        return Finding::wrong(CHECK, found, format_args!("chmod 700 {path}"));
    }
    let key = dir.path().join(log_key::FILE);
    if self::metadata(&key).is_some_and(|metadata| mode(&metadata) & !FILE_MODE & 0o777 != 0) {
        let key = key.display();
        return Finding::wrong(CHECK, format_args!("others can read {key}"), format_args!("chmod 600 {key}"));
    }
    Finding::fine(CHECK, format_args!("{path} is for its owner alone"))
}

fn mode(metadata: &Metadata) -> u32 {
    Permissions::mode(&metadata.permissions()) & 0o7777
}

fn writing(path: &Path) -> Finding {
    const CHECK: &str = "storage";
    match probe(path) {
        Ok(()) => Finding::fine(CHECK, "a test file was written and flushed to disk"),
        Err(error) => Finding::wrong(
            CHECK,
            format_args!("cannot write in {}: {error}", path.display()),
            "free some space, or let this user write there; until then nothing sent to this server is accepted",
        ),
    }
}

/// Writes and flushes a little file that nobody sees.
fn probe(path: &Path) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(path)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()
}

fn space(path: &Path) -> Finding {
    match statvfs(path) {
        Ok(stat) => judge_space(free(&stat)),
        Err(error) => Finding::warning("space", format_args!("unknown: {error}"), "look at `df`"),
    }
}

#[allow(clippy::useless_conversion, reason = "blocks are counted in 32 bits on some systems")]
fn free(stat: &Statvfs) -> u64 {
    u64::from(stat.blocks_available()) * u64::from(stat.fragment_size())
}

fn judge_space(free: u64) -> Finding {
    const CHECK: &str = "space";
    const ADVICE: &str =
        "make room, or move the data to a larger disk (stop, backup, restore with another --data)";
    let found = format!("{} MiB free", free >> 20);
    if free < FREE_WRONG {
        Finding::wrong(CHECK, found, ADVICE)
    } else if free < FREE_WARNING {
        Finding::warning(CHECK, found, ADVICE)
    } else {
        Finding::fine(CHECK, found)
    }
}

fn signing_key(dir: &DataDir) -> Finding {
    const CHECK: &str = "signing key";
    match log_key::load(dir) {
        Ok(Some(_)) => Finding::fine(CHECK, "present; include it in backups and show it to nobody"),
        Ok(None) if SqliteStore::exists(dir.path()) => Finding::wrong(
            CHECK,
            format_args!("{} is missing", log_key::FILE),
            "put it back from a backup: clients would report another key as a forgery",
        ),
        Ok(None) => Finding::fine(CHECK, "will be made at the first start"),
        Err(failure) => Finding::wrong(CHECK, failure, "put it back from a backup"),
    }
}

fn databases(dir: &DataDir) -> Vec<Finding> {
    const CHECK: &str = "databases";
    if !SqliteStore::exists(dir.path()) {
        return vec![Finding::fine(CHECK, "will be made at the first start")];
    }
    match sotto_sqlite::check(dir.path()) {
        Ok(checked) => checked.iter().map(|checked| judge_database(CHECK, checked)).collect(),
        Err(error) => {
            vec![Finding::wrong(CHECK, error, "restore a backup into a new directory (sottod restore)")]
        }
    }
}

fn judge_database(check: &'static str, Checked { file, found, known, soundness }: &Checked) -> Finding {
    match soundness {
        Soundness::Damaged(findings) => Finding::wrong(
            check,
            format_args!("{file} is damaged: {}", findings.join("; ")),
            "stop the server and restore a backup into a new directory (sottod restore)",
        ),
        Soundness::Sound if found > known => Finding::wrong(
            check,
            format_args!("{file} has format {found}, this sottod knows formats up to {known}"),
            "run the newer sottod that wrote it, or restore a backup made before it",
        ),
        Soundness::Sound if found < known => Finding::warning(
            check,
            format_args!("{file} is whole and has format {found} of {known}"),
            "the next start of this sottod brings it up to date; make a backup before",
        ),
        Soundness::Sound => {
            Finding::fine(check, format_args!("{file} is whole and has the newest format, {found}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn little_space_is_reported_before_there_is_none() {
        assert_eq!(judge_space(2 << 30).state, State::Fine);
        assert_eq!(judge_space(500 << 20).state, State::Warning);
        let full = judge_space(1 << 20);
        assert_eq!((full.state, full.found.as_str()), (State::Wrong, "1 MiB free"));
    }
}
