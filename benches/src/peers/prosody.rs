//! Prosody as Debian packages it, with everything in SQLite.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::program::{self, Program};
use super::row::Peer;
use crate::process::Usage;

/// A running Prosody.
pub struct Prosody {
    program: Program,
    address: SocketAddr,
    _folder: TempDir,
}

impl Prosody {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start() -> anyhow::Result<Self> {
        let (folder, address) = (program::folder("prosody")?, program::free_address()?);
        let file = folder.path().join("prosody.cfg.lua");
        std::fs::write(&file, settings(address.port(), folder.path()))?;
        let mut command = Command::new("prosody");
        command.arg("--config").arg(file).arg("-F");
        let mut program = Program::start("prosody", &mut command, folder.path(), Signal::SIGTERM)?;
        program.wait_until(|| program::listens(address))?;
        Ok(Self { program, address, _folder: folder })
    }
}

impl Peer for Prosody {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn server(&self) -> anyhow::Result<Usage> {
        self.program.usage()
    }

    fn database(&self) -> anyhow::Result<Usage> {
        Ok(Usage::default())
    }
}

fn settings(port: u16, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}"
log = {{ error = "*console" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
modules_enabled = {{ "roster"; "saslauth"; "register_ibr"; "register_limits"; "mam" }}
modules_disabled = {{ "s2s"; "tls"; "offline" }}
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "sql"
sql = {{ driver = "SQLite3", database = "{folder}/prosody.sqlite" }}
default_archive_policy = true
archive_expires_after = "never"
VirtualHost "localhost"
"#
    )
}
