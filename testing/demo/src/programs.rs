//! The real programs: starting the server, waiting until it listens, running client commands, stopping.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long the server may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Opens the two people's databases.
pub(crate) const PASSPHRASE: &str = "only for the demonstration";
/// Where people find the server in a browser.
pub(crate) const WEB_ADDRESS: &str = "http://localhost:8080";
const KNOWN: &str = "127.0.0.1:8080";
/// What the server prints before its address.
const LISTENING: &str = "listening on ";

/// Where the two programs are.
pub(crate) struct Programs {
    sottod: PathBuf,
    sotto: PathBuf,
}

impl Programs {
    /// Both must be there.
    pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let program = |name: &str| {
            let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            path.canonicalize().with_context(|| format!("{name} is not in {}", folder.display()))
        };
        Ok(Self { sottod: program("sottod")?, sotto: program("sotto")? })
    }

    /// The client program.
    pub(crate) fn sotto_path(&self) -> &Path {
        &self.sotto
    }

    /// Runs one client command to its end.
    pub(crate) async fn sotto(&self, profile: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.sotto)
            .arg("--profile")
            .arg(profile)
            .args(arguments)
            .env("SOTTO_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .output()
            .await
            .context("starting sotto")?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            bail!("`sotto {}` failed ({}): {}", arguments.join(" "), output.status, reason.trim());
        }
        String::from_utf8(output.stdout).context("sotto printed no text")
    }
}

/// Which port a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// The one that people remember, if nobody has it.
    Known,
    /// Any that is free.
    Free,
}

/// A running server. It is killed when this is dropped; [`Server::stop`] asks first.
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts a server on the loopback and waits until it listens: at [`WEB_ADDRESS`] where that is free and somebody
    /// is to look at it in a browser, else on any free port.
    pub(crate) async fn start(programs: &Programs, data: &Path, port: Port) -> anyhow::Result<Self> {
        let at_home = port == Port::Known && TcpListener::bind(KNOWN).is_ok();
        let (listen, public_url): (_, &[&str]) =
            if at_home { (KNOWN, &["--public-url", WEB_ADDRESS]) } else { ("127.0.0.1:0", &[]) };
        let mut child = Command::new(&programs.sottod)
            .args(["serve", "--listen", listen])
            .args(public_url)
            .args(["--registration", "open", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C goes to us; we end the server in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("starting sottod")?;
        let mut lines = lines_of(&mut child);
        let listening = tokio::time::timeout(PATIENCE, listening_url(&mut lines))
            .await
            .context("sottod did not say that it listens")??;
        let url = if at_home { WEB_ADDRESS.to_owned() } else { listening };
        // The server must never wait for somebody to read what it prints.
        tokio::spawn(async move { while lines.recv().await.is_some() {} });
        Ok(Self { child, url })
    }

    /// `http://127.0.0.1:PORT`, or [`WEB_ADDRESS`].
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Waits until the server ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        let status = self.child.wait().await?;
        bail!("sottod ended by itself ({status})")
    }

    /// Asks the server to end and waits for it; kills it when it does not.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        kill(Pid::from_raw(id.try_into()?), Signal::SIGTERM).context("asking sottod to end")?;
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => {
                let status = status?;
                if !status.success() {
                    bail!("sottod ended with {status}");
                }
                Ok(())
            }
            Err(_) => {
                self.child.kill().await?;
                bail!("sottod did not end when asked and was killed")
            }
        }
    }
}

fn lines_of(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(64);
    if let Some(stdout) = child.stdout.take() {
        tokio::spawn(forward(stdout, sender.clone()));
    }
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(forward(stderr, sender));
    }
    lines
}

async fn forward(pipe: impl AsyncRead + Unpin, sender: mpsc::Sender<String>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if sender.send(line).await.is_err() {
            return;
        }
    }
}

async fn listening_url(lines: &mut mpsc::Receiver<String>) -> anyhow::Result<String> {
    let mut said = Vec::new();
    while let Some(line) = lines.recv().await {
        if let Some(url) = url_in(&line) {
            return Ok(url);
        }
        said.push(line);
    }
    bail!("sottod ended before it listened:\n{}", said.join("\n"))
}

/// `… listening on http://127.0.0.1:8008 …`, with or without the scheme, in plain text or inside a JSON string.
fn url_in(line: &str) -> Option<String> {
    let address = line.split_once(LISTENING)?.1.split(['"', ' ', ',']).next()?;
    let address = address.trim_end_matches(['/', '.']);
    Some(if address.contains("://") { address.to_owned() } else { format!("http://{address}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn programs_with(sottod: &str) -> (tempfile::TempDir, Programs) {
        let folder = tempfile::tempdir().unwrap();
        for (name, script) in [("sottod", sottod), ("sotto", "echo \"$@\"; [ \"$3\" != fail ]")] {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        let programs = Programs::in_folder(folder.path()).unwrap();
        (folder, programs)
    }

    #[test]
    fn the_address_is_read_from_any_form_of_the_line() {
        for line in [
            "2026-01-01 INFO listening on http://127.0.0.1:4711",
            "listening on 127.0.0.1:4711",
            r#"{"message":"listening on http://127.0.0.1:4711/","level":"INFO"}"#,
        ] {
            assert_eq!(url_in(line).as_deref(), Some("http://127.0.0.1:4711"), "{line}");
        }
        assert_eq!(url_in("starting"), None);
    }

    #[tokio::test]
    async fn a_server_is_waited_for_and_ends_when_asked() {
        let script =
            "trap 'exit 0' TERM; echo start >&2; echo listening on 127.0.0.1:1; while :; do sleep 0.05; done";
        let (folder, programs) = programs_with(script);
        let server = Server::start(&programs, folder.path(), Port::Free).await.unwrap();
        assert_eq!(server.url(), "http://127.0.0.1:1");
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_cannot_start_says_why() {
        let (folder, programs) = programs_with("echo the disk is full >&2; exit 1");
        let Err(error) = Server::start(&programs, folder.path(), Port::Free).await else {
            panic!("it cannot have started")
        };
        assert!(format!("{error:#}").contains("the disk is full"), "{error:#}");
    }

    #[tokio::test]
    async fn a_failing_client_command_is_an_error() {
        let (folder, programs) = programs_with("");
        let printed = programs.sotto(folder.path(), &["whoami"]).await.unwrap();
        assert!(printed.trim_end().ends_with("whoami"));
        assert!(programs.sotto(folder.path(), &["fail"]).await.is_err());
    }
}
