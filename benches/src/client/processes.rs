//! The real programs: a server on a port of the loopback, and the clients of two people.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longest that anything that is waited for may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program; dropping it ends it.
pub(super) struct Program(Child);

impl Program {
    fn start(command: &mut Command) -> anyhow::Result<(Self, Lines)> {
        clean(command);
        let name = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", name.display()))?;
        let output = child.stdout.take().context("no standard output")?;
        Ok((Self(child), Lines(BufReader::new(output))))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Gone already, or goes now; a drop has nobody to tell.
        let asked = i32::try_from(self.0.id()).map(|id| kill(Pid::from_raw(id), Signal::SIGTERM));
        if !matches!(asked, Ok(Ok(()))) {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// What a program prints.
pub(super) struct Lines(BufReader<ChildStdout>);

impl Lines {
    /// The next line with this in it, passing over others; when it was read.
    pub(super) fn next_with(&mut self, what: &str) -> anyhow::Result<(String, Instant)> {
        loop {
            let mut line = String::new();
            ensure!(self.0.read_line(&mut line)? > 0, "the program ended");
            let read = Instant::now();
            if line.contains(what) {
                return Ok((line, read));
            }
        }
    }
}

/// Certificate and key of a server on the loopback.
pub(super) struct Tls {
    /// PEM, also what the clients trust.
    pub(super) certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// Made for `localhost`, in this folder.
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let tls = Self { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
        std::fs::write(&tls.certificate, made.cert.pem())?;
        std::fs::write(&tls.key, made.signing_key.serialize_pem())?;
        Ok(tls)
    }
}

/// A running `sottod`.
pub(super) struct Server {
    _program: Program,
    /// Where clients reach it.
    pub(super) url: String,
}

impl Server {
    /// Starts it with its data in a folder.
    pub(super) fn start(program: &Path, data: &Path, tls: Option<&Tls>) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--registration", "open"]);
        command.args(["--work-bits", "4", "--log", "warn", "--data"]).arg(data);
        if let Some(tls) = tls {
            command.arg("--tls-cert").arg(&tls.certificate).arg("--tls-key").arg(&tls.key);
        }
        let (program, mut lines) = Program::start(&mut command)?;
        let (line, _) = lines.next_with("127.0.0.1:")?;
        let port = port_in(&line).with_context(|| format!("no address in {line:?}"))?;
        let url = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        Ok(Self { _program: program, url })
    }
}

/// The port after `127.0.0.1:`.
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|port| SocketAddr::from(([127, 0, 0, 1], *port)).port() != 0)
}

/// A person's `sotto`.
pub(super) struct Client {
    program: PathBuf,
    /// The profile's folder.
    pub(super) profile: PathBuf,
    /// What is trusted beside the system's certificates.
    pub(super) trusted: Option<PathBuf>,
}

impl Client {
    /// Somebody whose profile is in a folder of this name.
    pub(super) fn new(program: &Path, folder: &Path, name: &str, tls: Option<&Tls>) -> Self {
        let trusted = tls.map(|tls| tls.certificate.clone());
        Self { program: program.to_owned(), profile: folder.join(name), trusted }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--profile").arg(&self.profile).args(["--insecure-key-file", "--json"]);
        if let Some(file) = &self.trusted {
            command.arg("--ca").arg(file);
        }
        command.args(arguments);
        clean(&mut command);
        command
    }

    /// Runs a command to its end; what it printed.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            bail!("sotto {} ended with {}: {said}", arguments.join(" "), output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts `sotto listen`.
    pub(super) fn listen(&self) -> anyhow::Result<(Program, Lines)> {
        Program::start(&mut self.command(&["listen"]))
    }
}

/// Nothing of the person's own settings reaches the programs.
fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SOTTO") {
            command.env_remove(name);
        }
    }
}

/// Two people who have written to each other.
pub(super) fn introduce(alice: &Client, bob: &Client, server: &Server) -> anyhow::Result<()> {
    alice.run(&["register", "@alice", "--server", &server.url])?;
    bob.run(&["register", "@bob", "--server", &server.url])?;
    alice.run(&["send", "@bob", "May I write to you?"])?;
    let started = Instant::now();
    while bob.run(&["requests"])?.is_empty() {
        ensure!(started.elapsed() < PATIENCE, "the request does not arrive");
        bob.run(&["sync"])?;
    }
    bob.run(&["accept", "@alice"])?;
    bob.run(&["send", "@alice", "Yes."]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_out_of_whatever_stands_around_it() {
        assert_eq!(port_in("listening on http://127.0.0.1:4711\n"), Some(4711));
        assert_eq!(port_in(r#"{"listening":"https://127.0.0.1:80"}"#), Some(80));
        assert_eq!(port_in("127.0.0.1:0"), None);
        assert_eq!(port_in("nothing"), None);
    }
}
