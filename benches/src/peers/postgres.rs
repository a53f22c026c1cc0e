//! A PostgreSQL of its own, with its defaults.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use nix::sys::signal::Signal;
use nix::unistd::{User, chown};
use tempfile::TempDir;

use super::program::{self, Program};
use crate::process::Usage;

/// The user it runs as: it refuses to be root.
const USER: &str = "postgres";

/// A running PostgreSQL with one empty database.
pub struct Postgres {
    program: Program,
    address: SocketAddr,
    binaries: PathBuf,
    user: User,
    _folder: TempDir,
}

impl Postgres {
    /// Makes a cluster, starts it, waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(database: &str) -> anyhow::Result<Self> {
        let user = User::from_name(USER)?.context("there is no user called postgres")?;
        let binaries = Command::new("pg_config").arg("--bindir").output().context("pg_config")?;
        let binaries = PathBuf::from(String::from_utf8(binaries.stdout)?.trim());
        let folder = program::folder("postgres")?;
        chown(folder.path(), Some(user.uid), Some(user.gid))?;
        let (data, address) = (folder.path().join("data"), program::free_address()?);
        let mut make = as_user(&user, &binaries, "initdb");
        run(make.args(["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--pgdata"]).arg(&data))?;
        let mut start = as_user(&user, &binaries, "postgres");
        start.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &address.port().to_string(), "-k"]);
        start.arg(folder.path());
        let mut program = Program::start("postgres", &mut start, folder.path(), Signal::SIGINT)?;
        let ready = || {
            let mut ask = as_user(&user, &binaries, "psql");
            run(on(&mut ask, address).args(["-d", USER, "-c", "SELECT 1"])).is_ok()
        };
        program.wait_until(ready)?;
        let mut create = as_user(&user, &binaries, "createdb");
        run(on(&mut create, address).arg(database))?;
        Ok(Self { program, address, binaries, user, _folder: folder })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name to log in with; nobody asks for a password.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// Runs a file of statements.
    ///
    /// # Errors
    /// When one fails.
    pub fn run_file(&self, database: &str, file: &Path) -> anyhow::Result<()> {
        let mut load = as_user(&self.user, &self.binaries, "psql");
        run(on(&mut load, self.address).args(["-v", "ON_ERROR_STOP=1", "-d", database, "-f"]).arg(file))
    }

    /// What it uses.
    ///
    /// # Errors
    /// When it has ended.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        self.program.usage()
    }
}

fn as_user(user: &User, binaries: &Path, program: &str) -> Command {
    let mut command = Command::new(binaries.join(program));
    command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
    command
}

fn on(command: &mut Command, address: SocketAddr) -> &mut Command {
    command.args(["-h", "127.0.0.1", "-p", &address.port().to_string(), "-U", USER])
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {}", command.get_program().to_string_lossy(), said.trim());
    Ok(())
}
