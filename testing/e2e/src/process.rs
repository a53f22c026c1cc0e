//! A child process that never outlives its owner.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait;

/// How long a process may take to end when asked to.
const END_WITHIN: Duration = Duration::from_secs(20);

/// A running (or ended) child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
}

impl Process {
    /// Starts a program. It stays in this process group, so that whoever stops the tests stops it as well.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { name, child })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended by itself before.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} had ended by itself ({status}) before it was killed", self.name);
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    ///
    /// # Errors
    /// When it does not end, or had ended before.
    pub fn end(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.wait(END_WITHIN)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When it had ended before.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} had ended by itself ({status})", self.name);
        }
        kill(Pid::from_raw(self.id().try_into()?), signal)?;
        Ok(())
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it does not within this time; it is killed then.
    pub fn wait(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let name = self.name;
        let waited = wait::until(&format!("the end of {name}"), within, || self.ended());
        if waited.is_err() {
            self.child.kill()?;
            self.child.wait()?;
        }
        waited
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already, or goes now; a drop has nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
