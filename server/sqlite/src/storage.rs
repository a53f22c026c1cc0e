//! Reaching the files: through the file system, or through a VFS that SQLite was told about.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::database::DatabaseFile;
use crate::open::{OpenError, Opener, Storage};

impl Storage {
    /// Whether the file is there.
    pub(crate) fn holds(self, file: DatabaseFile, dir: &Path) -> Result<bool, OpenError> {
        let Self::Vfs(vfs) = self else { return Ok(file.path(dir).exists()) };
        match Connection::open_with_flags_and_vfs(file.path(dir), flags(Opener::Reader), vfs) {
            Ok(_) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => Ok(false),
            Err(error) => Err(OpenError::sqlite(file, error)),
        }
    }

    /// Opens the file; the server makes it unless it is there.
    pub(crate) fn connect(
        self,
        file: DatabaseFile,
        dir: &Path,
        opener: Opener,
    ) -> Result<Connection, OpenError> {
        let path = file.path(dir);
        if opener != Opener::Server && !self.holds(file, dir)? {
            return Err(OpenError::Absent { file, dir: dir.to_owned() });
        }
        let connected = match self {
            Self::FileSystem => {
                if opener == Opener::Server {
                    make_private(&path).map_err(|error| OpenError::system(file, error))?;
                }
                Connection::open_with_flags(path, flags(opener))
            }
            Self::Vfs(vfs) => {
                let create = match opener {
                    Opener::Server => OpenFlags::SQLITE_OPEN_CREATE,
                    Opener::Beside | Opener::Reader => OpenFlags::empty(),
                };
                Connection::open_with_flags_and_vfs(path, flags(opener) | create, vfs)
            }
        };
        connected.map_err(|error| OpenError::sqlite(file, error))
    }

    /// The names of new files are durable too.
    pub(crate) fn sync_names(self, dir: &Path) -> std::io::Result<()> {
        match self {
            Self::FileSystem => File::open(dir).and_then(|dir| dir.sync_all()),
            Self::Vfs(_) => Ok(()),
        }
    }
}

fn flags(opener: Opener) -> OpenFlags {
    let access = match opener {
        Opener::Server | Opener::Beside => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Opener::Reader => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE
}

/// Makes the file unless it is there, for its owner alone; SQLite gives the files beside it the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
