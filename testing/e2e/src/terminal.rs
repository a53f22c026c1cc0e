//! A terminal with nobody at it but the test: for what `sotto` asks people only.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::pty::openpty;

use crate::process::Process;
use crate::wait::PATIENCE;

/// A program with standard input, output and error on a terminal.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    keys: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    /// Starts the program there.
    ///
    /// # Errors
    /// When there is no terminal, or the program does not start.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let pty = openpty(None, None).context("a pseudo-terminal")?;
        let side = || pty.slave.try_clone();
        command.stdin(side()?).stdout(side()?).stderr(side()?);
        let process = Process::start("sotto", &mut command)?;
        // Ours would keep the terminal open after the program has ended.
        drop(command);
        drop(pty.slave);
        let mut out = File::from(pty.master);
        let keys = out.try_clone()?;
        let (tell, screen) = channel();
        std::thread::Builder::new().name("terminal".into()).spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                match out.read(&mut bytes) {
                    Ok(read) if read > 0 && tell.send(bytes[..read].to_vec()).is_ok() => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // The program has ended: Linux says EIO.
                    _ => return,
                }
            }
        })?;
        Ok(Self { process, keys, screen, shown: String::new() })
    }

    /// Waits until the screen shows this; returns everything since the last time, up to it.
    ///
    /// # Errors
    /// When it does not.
    pub fn read_until(&mut self, end: &str) -> anyhow::Result<String> {
        let started = Instant::now();
        loop {
            if let Some(at) = self.shown.find(end) {
                let rest = self.shown.split_off(at + end.len());
                return Ok(std::mem::replace(&mut self.shown, rest));
            }
            if started.elapsed() > PATIENCE {
                bail!("the screen shows no {end:?}: {}", self.shown);
            }
            match self.screen.recv_timeout(Duration::from_secs(1)) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the program ended: {}", self.shown),
            }
        }
    }

    /// Types a line.
    ///
    /// # Errors
    /// When the program is gone.
    pub fn type_line(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(self.keys.write_all(format!("{line}\n").as_bytes())?)
    }

    /// Waits until the program ends; its exit code, and what the screen has shown since.
    ///
    /// # Errors
    /// When it does not end.
    pub fn end(mut self) -> anyhow::Result<(i32, String)> {
        let status = self.process.wait(PATIENCE)?;
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_secs(1)) {
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        Ok((status.code().context("ended by a signal")?, self.shown))
    }
}
