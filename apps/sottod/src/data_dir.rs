//! The data directory: made for us alone, used by one server at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::{failure::Failure, places, settings::Settings};

/// Its presence marks a directory that a server has used.
pub(crate) const LOCK: &str = "lock";
/// Who may look into the directory: its owner.
pub(crate) const DIRECTORY_MODE: u32 = 0o700;
/// Who may read what is in it.
pub(crate) const FILE_MODE: u32 = 0o600;

/// A data directory.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
}

/// The right to be the only server on a data directory; ends with the process at the latest.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "an open file holds the lock")] File);

impl DataDir {
    /// The directory the settings name, whether it exists or not.
    pub(crate) fn named(settings: &Settings) -> Result<Self, Failure> {
        match &settings.data {
            Some(path) => Ok(Self { path: path.clone() }),
            None => places::default_data().map(|path| Self { path }),
        }
    }

    /// Any directory.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The directory the settings name, which a server has used before.
    pub(crate) fn existing(settings: &Settings) -> Result<Self, Failure> {
        let dir = Self::named(settings)?;
        if dir.path.join(LOCK).exists() {
            return Ok(dir);
        }
        let path = dir.path.display();
        Err(Failure::Refused(format!(
            "no server has kept its data in {path}: name the right directory with --data, or start one with `sottod serve`"
        )))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory unless it exists.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(&self.path)
            .map_err(|error| Failure::because(format!("cannot make {}", self.path.display()), error))
    }

    /// Takes the directory for one server.
    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        let path = self.path.join(LOCK);
        let cannot = |error| Failure::because(format!("cannot open {}", path.display()), error);
        let file = private().write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!(
                "another sottod is serving from {}: stop it first, or give this one its own --data",
                self.path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }

    /// Removes a file of ours, if it is there.
    pub(crate) fn forget(&self, name: &str) {
        // A file that stays makes the next restore say that the directory is not empty.
        let _ = fs::remove_file(self.path.join(name));
    }

    /// Whether a server is using the directory now.
    pub(crate) fn is_served(&self) -> bool {
        File::open(self.path.join(LOCK))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Whether there is nothing in it, or it does not exist.
    pub(crate) fn is_vacant(&self) -> io::Result<bool> {
        match fs::read_dir(&self.path) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Options for files that only their owner reads.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE_MODE);
    options
}

/// Writes a file that only its owner reads, durably, and never over another.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_private(path, |file| file.write_all(bytes))
}

/// Copies a file to one that only its owner reads, durably, and never over another.
pub(crate) fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    create_private(to, |file| io::copy(&mut from, file).map(|_| ()))
}

/// A file appears under its name when all of it is on the disk.
fn create_private(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let mut file = private().write(true).create(true).truncate(true).open(&unfinished)?;
    fill(&mut file)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_directory_and_its_files_are_for_their_owner() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir { path: base.path().join("a/b") };
        assert!(dir.is_vacant().unwrap());
        dir.make().unwrap();
        let _lock = dir.lock().unwrap();
        assert_eq!((mode(dir.path()), mode(&dir.path().join(LOCK))), (0o700, 0o600));
        assert!(!dir.is_vacant().unwrap());

        let file = dir.path().join("secret");
        write_private(&file, b"once").unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(write_private(&file, b"twice").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"once");
    }

    #[test]
    fn a_lock_ends_when_its_holder_does() {
        let base = tempfile::tempdir().unwrap();
        let dir = DataDir { path: base.path().to_owned() };
        let lock = dir.lock().unwrap();
        assert!(dir.is_served());
        assert!(dir.lock().unwrap_err().to_string().contains("another sottod is serving"));
        drop(lock);
        assert!(!dir.is_served());
        assert!(dir.lock().is_ok());
    }
}
