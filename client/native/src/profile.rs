//! A profile: the folder that holds one device's database, its wrapped key, its lock and its socket.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sotto_wire::ids::Millis;

/// The folder of one device. Nobody but its owner may look inside (0700; files 0600).
#[derive(Debug, Clone)]
pub struct Profile {
    dir: PathBuf,
}

/// Held by the one process that has the database open; free again when that process is gone, however it went.
#[derive(Debug)]
pub(crate) struct ProfileLock {
    _file: File,
}

impl Profile {
    /// The profile in this folder, which need not exist yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The platform's data folder for Sotto; none where there is no home.
    pub fn default_dir() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "sotto").map(|dirs| dirs.data_dir().to_owned())
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether a device was set up here, as far as the files tell.
    pub fn exists(&self) -> bool {
        self.key_file().exists() || self.has_database()
    }

    /// The encrypted database.
    pub fn database(&self) -> PathBuf {
        self.dir.join("sotto.db")
    }

    /// The small file that says where the database key is, or holds it wrapped.
    pub fn key_file(&self) -> PathBuf {
        self.dir.join("key.json")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("sotto.sock")
    }

    pub(crate) fn has_database(&self) -> bool {
        fs::metadata(self.database()).is_ok_and(|found| found.len() > 0)
    }

    /// Makes the folder, or checks that an existing one may be used.
    ///
    /// # Errors
    /// When it cannot be made, or is somebody's folder with other things in it.
    pub(crate) fn prepare_dir(&self) -> io::Result<()> {
        match fs::metadata(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)
            }
            Err(error) => Err(error),
            Ok(found) if !found.is_dir() => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            Ok(found) if found.permissions().mode() & 0o077 == 0 => Ok(()),
            Ok(_) if self.exists() || self.is_empty()? => {
                fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700))
            }
            Ok(_) => Err(io::Error::from(io::ErrorKind::DirectoryNotEmpty)),
        }
    }

    fn is_empty(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.dir)?.next().is_none())
    }

    /// Becomes the profile's holder; `None` while another process is.
    pub(crate) fn try_lock(&self) -> io::Result<Option<ProfileLock>> {
        let file = private_file(&self.dir.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(ProfileLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Moves database and key file out of the way, for a new start; nothing is deleted. Returns the new names.
    ///
    /// # Errors
    /// `WouldBlock` while a process holds the profile; else what the file system says.
    pub fn set_aside(&self, now: Millis) -> io::Result<Vec<PathBuf>> {
        let Some(_lock) = self.try_lock()? else { return Err(io::Error::from(io::ErrorKind::WouldBlock)) };
        let suffix = format!("broken-{}", date(now));
        let mut moved = Vec::new();
        for name in ["sotto.db", "sotto.db-wal", "sotto.db-shm", "key.json"] {
            let from = self.dir.join(name);
            let to = self.dir.join(match name.strip_prefix("sotto.db-") {
                Some(side) => format!("sotto.db.{suffix}-{side}"),
                None => format!("{name}.{suffix}"),
            });
            if from.exists() {
                fs::rename(&from, &to)?;
                moved.push(to);
            }
        }
        File::open(&self.dir)?.sync_all()?;
        Ok(moved)
    }
}

/// Opens or makes a file that only its owner may read.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Replaces a small file in one step: a crash leaves the old or the new one, whole.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let new = path.with_extension("new");
    // A leftover of a crash is in nobody's use: the caller holds a lock or is alone.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if written.is_err() {
        // Best effort: the old file stands either way.
        let _ = fs::remove_file(&new);
    }
    written?;
    File::open(dir)?.sync_all()
}

/// `20260131-235959`, UTC.
fn date(now: Millis) -> String {
    let seconds = now.0 / 1_000;
    let (year, month, day) = civil_date(seconds / 86_400);
    let of_day = seconds % 86_400;
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

/// Year, month and day of a day number since 1970-01-01, in the Gregorian calendar.
pub fn civil_date(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (400 * era + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(civil_date(0), (1970, 1, 1));
        assert_eq!(civil_date(11_016), (2000, 2, 29));
        assert_eq!(civil_date(20_819), (2027, 1, 1));
        assert_eq!(date(Millis(951_868_799_000)), "20000229-235959");
    }

    #[test]
    fn one_process_holds_a_profile() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path().join("p"));
        profile.prepare_dir().unwrap();
        assert_eq!(fs::metadata(profile.dir()).unwrap().permissions().mode() & 0o777, 0o700);
        let held = profile.try_lock().unwrap();
        assert!(held.is_some());
        assert!(profile.try_lock().unwrap().is_none());
        assert_eq!(profile.set_aside(Millis(0)).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        assert!(profile.try_lock().unwrap().is_some());
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_not_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("letter.txt"), "dear").unwrap();
        let refused = Profile::at(dir.path()).prepare_dir().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::DirectoryNotEmpty);
        assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn setting_aside_deletes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::at(dir.path());
        fs::write(profile.database(), "pages").unwrap();
        fs::write(profile.key_file(), "key").unwrap();
        let moved = profile.set_aside(Millis(951_868_799_000)).unwrap();
        assert_eq!(
            moved,
            [
                dir.path().join("sotto.db.broken-20000229-235959"),
                dir.path().join("key.json.broken-20000229-235959")
            ]
        );
        assert_eq!(fs::read(&moved[0]).unwrap(), b"pages");
        assert!(!profile.exists());
    }

    #[test]
    fn replacing_a_file_keeps_it_private_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.json");
        replace_file(&path, b"one").unwrap();
        fs::write(dir.path().join("key.new"), "left by a crash").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!dir.path().join("key.new").exists());
    }
}
