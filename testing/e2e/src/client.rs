//! A person's `sotto`: one profile folder, one process per command.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use sotto_engine::api::Target;
use sotto_wire::ids::Handle;

use crate::listening::Listening;
use crate::process::Process;
use crate::programs;

/// Longest that one command may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(90);

/// How the profile's key is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By a passphrase from the environment; stretching it takes its time in every process.
    Passphrase(String),
    /// Not at all: for conversations of thousands of messages, and for looking into the database.
    InsecureFile,
}

/// A person with one device.
#[derive(Debug, Clone)]
pub struct Client {
    profile: PathBuf,
    name: String,
    key: Key,
    /// Further global flags.
    pub flags: Vec<String>,
    /// Further environment variables.
    pub variables: Vec<(String, String)>,
}

/// What came of one command.
#[derive(Debug, Clone)]
pub struct Run {
    /// Exit code; 128 + signal when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Why a command failed, as `--json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Trouble {
    /// A name for scripts.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub way_out: Option<String>,
}

impl Run {
    /// Insists that it succeeded.
    ///
    /// # Errors
    /// With everything it said, when it did not.
    pub fn ok(self) -> anyhow::Result<Self> {
        ensure!(self.code == 0, "exit code {}\nstderr: {}\nstdout: {}", self.code, self.stderr, self.stdout);
        Ok(self)
    }

    /// Insists that it failed with exit code 1, and said why and what to do: the code, the sentence, the way out. For
    /// commands with `--json`.
    ///
    /// # Errors
    /// When it did not.
    pub fn refused(&self) -> anyhow::Result<Trouble> {
        ensure!(self.code == 1, "exit code {}\nstderr: {}\nstdout: {}", self.code, self.stderr, self.stdout);
        let last = self.stderr.lines().last().unwrap_or_default();
        let trouble: Trouble =
            serde_json::from_str(last).with_context(|| format!("said: {}", self.stderr))?;
        ensure!(!trouble.message.is_empty() && trouble.way_out.is_some(), "no way out: {trouble:?}");
        Ok(trouble)
    }

    /// Standard output as JSON objects, one a line.
    ///
    /// # Errors
    /// When a line is none.
    pub fn json(&self) -> anyhow::Result<Vec<Value>> {
        let parse = |line: &str| serde_json::from_str(line).with_context(|| format!("not JSON: {line:?}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl Client {
    /// Somebody whose profile will be in `folder`.
    pub fn new(folder: &Path, name: &str, key: Key) -> Self {
        Self {
            profile: folder.join(name),
            name: name.to_owned(),
            key,
            flags: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// The profile's folder.
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    /// `@name`.
    pub fn at(&self) -> String {
        format!("@{}", self.name)
    }

    /// The person as others address them.
    ///
    /// # Errors
    /// When the name is no handle.
    pub fn target(&self) -> anyhow::Result<Target> {
        Ok(Target::Handle(Handle::parse(&self.name)?))
    }

    /// The same person with another global flag.
    #[must_use]
    pub fn with_flags(&self, flags: &[&str]) -> Self {
        let mut other = self.clone();
        other.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        other
    }

    /// The same person with another passphrase at hand.
    #[must_use]
    pub fn with_passphrase(&self, passphrase: &str) -> Self {
        Self { key: Key::Passphrase(passphrase.to_owned()), ..self.clone() }
    }

    /// A command, not yet started.
    ///
    /// # Errors
    /// When the program is not there.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(programs::sotto()?);
        command.arg("--profile").arg(&self.profile).args(&self.flags);
        clean_environment(&mut command);
        match &self.key {
            Key::Passphrase(passphrase) => drop(command.env("SOTTO_PASSPHRASE", passphrase)),
            Key::InsecureFile => drop(command.arg("--insecure-key-file")),
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).args(arguments);
        Ok(command)
    }

    /// Runs a command to its end, whatever that is.
    ///
    /// # Errors
    /// When it cannot be started or does not end.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Run> {
        run_to_end("sotto", &mut self.command(arguments)?, None, COMMAND_WITHIN)
    }

    /// [`run`](Self::run) with something to read on standard input.
    ///
    /// # Errors
    /// As `run`.
    pub fn run_reading(&self, arguments: &[&str], input: &str) -> anyhow::Result<Run> {
        run_to_end("sotto", &mut self.command(arguments)?, Some(input), COMMAND_WITHIN)
    }

    /// Runs a command that must succeed.
    ///
    /// # Errors
    /// With everything it said, when it does not.
    pub fn done(&self, arguments: &[&str]) -> anyhow::Result<Run> {
        self.run(arguments)?.ok().with_context(|| format!("{} {}", self.at(), arguments.join(" ")))
    }

    /// Runs a command that must succeed, with `--json`: the objects it printed.
    ///
    /// # Errors
    /// As [`done`](Self::done), or when a line is no JSON.
    pub fn json(&self, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        self.done(&[&["--json"], arguments].concat())?.json()
    }

    /// Makes the account.
    ///
    /// # Errors
    /// When it is refused.
    pub fn register(&self, server: &str) -> anyhow::Result<Run> {
        self.done(&["register", &self.at(), "--server", server])
    }

    /// The texts of the conversation with somebody, oldest first.
    ///
    /// # Errors
    /// When history fails.
    pub fn texts(&self, with: &Self) -> anyhow::Result<Vec<String>> {
        let lines = self.json(&["history", &with.at(), "--limit", "200"])?;
        let text = |line: &Value| line["text"].as_str().map(str::to_owned);
        lines.iter().map(|line| text(line).with_context(|| format!("no text in {line}"))).collect()
    }

    /// Starts `sotto listen`, which holds the profile.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn listen(&self) -> anyhow::Result<Listening> {
        Listening::start(self)
    }
}

/// Nothing of the tester's own settings reaches the programs.
pub(crate) fn clean_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SOTTO") {
            command.env_remove(name);
        }
    }
}

/// Runs a program to its end with its output in files, so that nobody has to read along.
///
/// # Errors
/// When it cannot be started or does not end.
pub fn run_to_end(
    name: &'static str,
    command: &mut Command,
    input: Option<&str>,
    within: Duration,
) -> anyhow::Result<Run> {
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let stdin = match input {
        None => Stdio::null(),
        Some(input) => {
            let mut file = tempfile::tempfile()?;
            file.write_all(input.as_bytes())?;
            file.seek(SeekFrom::Start(0))?;
            file.into()
        }
    };
    command.stdin(stdin).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let status = Process::start(name, command)?.wait(within);
    let (stdout, stderr) = (read_all(&mut stdout)?, read_all(&mut stderr)?);
    let status = status.with_context(|| format!("it had said: {stdout}{stderr}"))?;
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(-1);
    Ok(Run { code, stdout, stderr })
}

fn read_all(file: &mut File) -> anyhow::Result<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    Ok(text)
}
