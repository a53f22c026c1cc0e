//! A disk that can be filled and emptied: a small file system of its own where mounting is allowed, else a limit on
//! the size of files, which makes writing fail as well.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Large enough for databases of a few messages.
const BYTES: usize = 24 * 1024 * 1024;
/// Files beyond this cannot grow while the limit stands.
const LIMIT_BYTES: u64 = 8 * 1024;

/// The disk that a folder is on.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Mounted here: full means ENOSPC.
    Own,
    /// The folder's own disk; full means EFBIG, for the processes that are limited.
    Limited,
}

impl Disk {
    /// Makes the folder and puts it on a disk of its own, if that is allowed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn at(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={BYTES},mode=700"), "sotto-e2e"])
            .arg(folder)
            .output()
            .is_ok_and(|done| done.status.success());
        Ok(Self { folder: folder.to_owned(), kind: if mounted { Kind::Own } else { Kind::Limited } })
    }

    /// Whether "full" is said by the disk itself, and not by a limit on files.
    pub fn is_real(&self) -> bool {
        self.kind == Kind::Own
    }

    /// A program that will notice when this disk is full: of a limited process, writing must fail and not end it.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program);
        command
    }

    /// A program that finds the disk full from its start.
    pub fn command_when_full(&self, program: &Path) -> Command {
        if self.is_real() {
            return Command::new(program);
        }
        let mut command = Command::new("sh");
        // POSIX counts in blocks of 512 bytes.
        let blocks = (LIMIT_BYTES / 512).to_string();
        command.args(["-c", "trap '' XFSZ; ulimit -S -f \"$0\"; exec \"$@\"", &blocks]).arg(program);
        command
    }

    /// Nothing can be written any more, by any process or (where there is only a limit) by this one.
    ///
    /// # Errors
    /// When the disk does not fill up.
    pub fn fill(&self, process: Option<u32>) -> anyhow::Result<()> {
        match (self.kind, process) {
            (Kind::Own, _) => self.fill_up(),
            (Kind::Limited, Some(process)) => limit(process, &format!("{LIMIT_BYTES}:")),
            (Kind::Limited, None) => Ok(()),
        }
    }

    fn fill_up(&self) -> anyhow::Result<()> {
        let mut ballast = std::fs::File::create(self.ballast())?;
        let mut bytes = 0;
        for size in [64 * 1024, 512] {
            while ballast.write_all(&vec![1; size]).is_ok() {
                bytes += size;
                ensure!(bytes <= BYTES, "the disk does not fill up");
            }
        }
        Ok(())
    }

    /// There is room again.
    ///
    /// # Errors
    /// When room cannot be made.
    pub fn make_room(&self, process: Option<u32>) -> anyhow::Result<()> {
        match (self.kind, process) {
            (Kind::Own, _) => std::fs::remove_file(self.ballast()).context("making room"),
            (Kind::Limited, Some(process)) => limit(process, "unlimited:"),
            (Kind::Limited, None) => Ok(()),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_real() {
            // Lazily: gone once the last process that uses it has ended.
            let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
        }
    }
}

/// `prlimit` of util-linux: the soft limit only, so that it can be lifted again.
fn limit(process: u32, bytes: &str) -> anyhow::Result<()> {
    let done = Command::new("prlimit")
        .arg(format!("--fsize={bytes}"))
        .args(["--pid", &process.to_string()])
        .output()?;
    ensure!(done.status.success(), "prlimit: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::at(&folder.path().join("disk")).unwrap();
        let file = folder.path().join("disk/file");
        let write = |command: &mut Command| {
            let dd = ["if=/dev/zero", "bs=64k", "count=4", "conv=fsync"];
            command.args(dd).arg(format!("of={}", file.display())).output().unwrap().status.success()
        };
        assert!(write(&mut disk.command(Path::new("dd"))));
        std::fs::remove_file(&file).unwrap();
        disk.fill(None).unwrap();
        assert!(!write(&mut disk.command_when_full(Path::new("dd"))));
        disk.make_room(None).unwrap();
        assert!(write(&mut disk.command(Path::new("dd"))));
    }
}
