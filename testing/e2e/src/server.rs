//! A real `sottod` on a port of the loopback: started, killed, started again on the same port and data.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::disk::Disk;
use crate::process::Process;
use crate::wait::{self, PATIENCE};
use crate::{client, programs};

/// What the server prints before its address.
const LISTENING: &str = "listening on ";
/// Little work: how registration is paid for is not what most tests are about.
const WORK_BITS: &str = "4";

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Further flags of `sottod serve`.
    pub flags: Vec<String>,
    /// Where its data is; otherwise below the folder it is started in.
    pub data: Option<PathBuf>,
    /// The disk its data is on, when that is one that will be full.
    pub disk: Option<Rc<Disk>>,
}

/// A server and its data directory.
#[derive(Debug)]
pub struct Server {
    data: PathBuf,
    log: PathBuf,
    options: Options,
    address: SocketAddr,
    process: Option<Process>,
}

impl Server {
    /// Starts a server whose data and log are in `folder`, and waits until it listens.
    ///
    /// # Errors
    /// When it does not; the error holds what it said.
    pub fn start(folder: &Path, options: Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut server = Self {
            data: options.data.clone().unwrap_or_else(|| folder.join("data")),
            log: folder.join("sottod.log"),
            options,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            process: None,
        };
        server.run()?;
        Ok(server)
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The file with everything it printed, over all its lives.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id.
    ///
    /// # Errors
    /// When it does not run.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.process.as_ref().map(Process::id).context("the server does not run")
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_alive(&mut self) -> anyhow::Result<bool> {
        match &mut self.process {
            Some(process) => Ok(process.ended()?.is_none()),
            None => Ok(false),
        }
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When it did not run.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("the server does not run")?;
        process.kill()
    }

    /// SIGTERM; it must end in good order.
    ///
    /// # Errors
    /// When it does not.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("the server does not run")?;
        let status = process.end()?;
        ensure!(status.success(), "sottod ended with {status}:\n{}", self.last_words());
        Ok(())
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop): same port, same data.
    ///
    /// # Errors
    /// When it does not listen.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        ensure!(self.process.is_none(), "the server still runs");
        self.run()
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let said_before = log.metadata()?.len();
        let mut process = Process::start("sottod", &mut self.command(log)?)?;
        let found = wait::until("sottod says that it listens", PATIENCE, || {
            if let Some(status) = process.ended()? {
                bail!("sottod ended ({status}) before it listened:\n{}", self.last_words());
            }
            let said = std::fs::read(&self.log)?;
            let new = said.get(usize::try_from(said_before)?..).unwrap_or_default();
            Ok(address_in(&String::from_utf8_lossy(new)))
        });
        self.address = found.with_context(|| self.last_words())?;
        self.process = Some(process);
        Ok(())
    }

    fn command(&self, log: File) -> anyhow::Result<Command> {
        let program = programs::sottod()?;
        let mut command = match &self.options.disk {
            None => Command::new(program),
            Some(disk) => disk.command(&program),
        };
        command.args(["serve", "--listen", &self.address.to_string(), "--data"]).arg(&self.data);
        command.args(["--registration", "open", "--work-bits", WORK_BITS]).args(&self.options.flags);
        client::clean_environment(&mut command);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// A page served over plain HTTP, `/metrics` say: its head and body.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn page(&self, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let host = self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut page = Vec::new();
        stream.read_to_end(&mut page)?;
        Ok(String::from_utf8(page)?)
    }

    /// Copies its data, while it runs, into a new folder.
    ///
    /// # Errors
    /// When that fails.
    pub fn backup(&self, to: &Path) -> anyhow::Result<()> {
        self.chore(&["backup", &to.to_string_lossy()])?.ok().map(drop)
    }

    /// Puts a [`backup`](Self::backup) in place of its data. It must not run.
    ///
    /// # Errors
    /// When that fails.
    pub fn restore(&self, from: &Path) -> anyhow::Result<()> {
        std::fs::remove_dir_all(&self.data)?;
        self.chore(&["restore", &from.to_string_lossy()])?.ok().map(drop)
    }

    /// Runs another command of `sottod` on this server's data.
    ///
    /// # Errors
    /// When it cannot be started or does not end.
    pub fn chore(&self, arguments: &[&str]) -> anyhow::Result<client::Run> {
        let mut command = Command::new(programs::sottod()?);
        command.args(arguments).arg("--data").arg(&self.data);
        client::clean_environment(&mut command);
        client::run_to_end("sottod", &mut command, None, Duration::from_secs(30))
    }
}

/// `listening on http://127.0.0.1:7688`, once the whole line is there.
fn address_in(said: &str) -> Option<SocketAddr> {
    let (line, _) = said.split_once(LISTENING)?.1.split_once('\n')?;
    line.trim_start_matches("http://").split(['"', ' ', ',']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_its_line_is_whole() {
        assert_eq!(address_in("sottod 0.1\nlistening on http://127.0.0.1:47"), None);
        let whole = address_in("sottod 0.1\nlistening on http://127.0.0.1:4711\n");
        assert_eq!(whole, Some(SocketAddr::from(([127, 0, 0, 1], 4711))));
    }
}
