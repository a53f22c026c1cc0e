//! Other people's servers as processes: a folder of their own, a free port, stopped by process id.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::process::Usage;

/// How long one may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It ends when this is dropped.
pub struct Program {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// What asks it to end.
    ends_by: Signal,
}

impl Program {
    /// Starts it with its output in a file of `folder`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        name: &'static str,
        command: &mut Command,
        folder: &Path,
        ends_by: Signal,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).current_dir(folder);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { name, child, log, ends_by })
    }

    /// Waits until something is true of it.
    ///
    /// # Errors
    /// When it ends first, or takes too long; the error holds what it said.
    pub fn wait_until(&mut self, mut is_ready: impl FnMut() -> bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if is_ready() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}) before it was ready:\n{}", self.name, self.said());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("{} is not ready after {PATIENCE:?}:\n{}", self.name, self.said())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it and all it started use.
    ///
    /// # Errors
    /// When it has ended.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of_family(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A drop has nobody to tell; what does not end in time is killed.
        let _ = kill(Pid::from_raw(self.child.id() as i32), self.ends_by);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody listens there.
pub fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// An address on loopback that was free just now.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// An empty folder on disk that other users may enter.
///
/// # Errors
/// When it cannot be made.
pub fn folder(name: &str) -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(&format!("sotto-bench-{name}-")).tempdir_in("/var/tmp")?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}
