//! A `sottod` under test: started on a fresh data directory, stopped by its process id.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::bench::Context;
use crate::load::Wrapping;
use crate::process::Usage;
use crate::programs;

/// What the server prints before its address.
const LISTENING: &str = "listening on ";
/// How long it may take to end.
const END_WITHIN: Duration = Duration::from_secs(60);

/// Whether connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// With a certificate made for the run.
    On,
    /// Plain TCP on loopback.
    Off,
}

/// A running server. It ends when this is dropped.
pub struct Sottod {
    child: Child,
    address: SocketAddr,
    wrapping: Wrapping,
    folder: TempDir,
}

impl Sottod {
    /// Builds it, starts it on an empty data directory, waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(context: &Context, tls: Tls) -> anyhow::Result<Self> {
        let program = programs::sottod(context)?;
        let folder = context.folder()?;
        let log = File::create(folder.path().join("sottod.log"))?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--connections-max", "19000", "--data"]);
        command.arg(data_in(folder.path()));
        // Thousands of idle clients that answer pings would be measured otherwise.
        command.args(["--ping-after", "30m", "--log", "warn"]);
        let wrapping = match tls {
            Tls::Off => Wrapping::Plain,
            Tls::On => certify(&mut command, folder.path())?,
        };
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("SOTTOD_") {
                command.env_remove(variable);
            }
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        match address_of(&mut child) {
            Ok(address) => Ok(Self { child, address, wrapping, folder }),
            Err(error) => {
                let said = std::fs::read_to_string(folder.path().join("sottod.log")).unwrap_or_default();
                child.kill()?;
                child.wait()?;
                Err(error.context(format!("sottod does not listen; it said: {}", said.trim())))
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How to speak to it.
    pub fn wrapping(&self) -> &Wrapping {
        &self.wrapping
    }

    /// Its databases.
    pub fn data(&self) -> PathBuf {
        data_in(self.folder.path())
    }

    /// What it uses.
    ///
    /// # Errors
    /// When it has ended.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.child.id())
    }

    /// Asks it to end, waits until it has, and keeps its folder for whoever looks into it.
    ///
    /// # Errors
    /// When it does not end in order.
    pub fn stop(mut self) -> anyhow::Result<PathBuf> {
        kill(Pid::from_raw(self.child.id().try_into()?), Signal::SIGTERM)?;
        let asked = Instant::now();
        while asked.elapsed() < END_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "sottod ended with {status}");
                return Ok(self.data());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("sottod did not end within {END_WITHIN:?}")
    }
}

impl Drop for Sottod {
    fn drop(&mut self) {
        // Ended already, or ends now; a drop has nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Makes a certificate for the address and names it to the server.
fn certify(command: &mut Command, folder: &Path) -> anyhow::Result<Wrapping> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
    Wrapping::trusting(made.cert.der().clone())
}

/// `listening on https://127.0.0.1:7688`
fn address_of(child: &mut Child) -> anyhow::Result<SocketAddr> {
    let said = child.stdout.take().context("no standard output")?;
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    let address = line.trim().strip_prefix(LISTENING).and_then(|url| url.split_once("://"));
    let (_, address) = address.context("it did not say where")?;
    address.parse().with_context(|| format!("{address} is no address"))
}
