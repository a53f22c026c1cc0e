//! Starting other programs: shown, captured, or both.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use anyhow::{Context as _, bail};

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds every program and every test: always by this command, because cargo chooses features, and so what it builds
/// anew, by what it is asked for.
pub(crate) fn build_all() -> Command {
    let mut build = cargo();
    build.args(["build", "--workspace", "--all-targets", "--locked"]);
    build
}

/// Runs a program in a folder with its output shown; fails unless it succeeds.
pub(crate) fn run(command: &mut Command, folder: &Path) -> anyhow::Result<()> {
    println!("   $ {}", line_of(command));
    let status =
        command.current_dir(folder).stdin(Stdio::null()).status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line_of(command));
    }
    Ok(())
}

/// What a program prints; fails unless it succeeds.
pub(crate) fn capture(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", line_of(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no text", line_of(command)))
}

/// What a program that was shown while it ran printed in all, and whether it succeeded.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) succeeded: bool,
}

/// Runs a program in a folder, shows its output line by line and keeps it.
pub(crate) fn tee(command: &mut Command, folder: &Path) -> anyhow::Result<Shown> {
    println!("   $ {}", line_of(command));
    let mut child = command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| cannot_start(command))?;
    let (sender, lines) = mpsc::channel();
    let readers = [
        child.stdout.take().map(|pipe| forward(pipe, sender.clone())),
        child.stderr.take().map(|pipe| forward(pipe, sender)),
    ];
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        // Nobody reads any more: the child's exit code still tells.
        let _ = std::io::stdout().write_all(line.as_bytes());
    }
    for reader in readers.into_iter().flatten() {
        let _ = reader.join();
    }
    Ok(Shown { text, succeeded: child.wait()?.success() })
}

fn forward(pipe: impl Read + Send + 'static, sender: mpsc::Sender<String>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(bytes) if bytes > 0) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            line.clear();
        }
    })
}

/// What to tell cargo about colours, since it sees a pipe where we may write to a terminal.
pub(crate) fn colour() -> &'static str {
    if std::io::stdout().is_terminal() { "always" } else { "never" }
}

/// Whether a program of this name is on the path.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn line_of(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(name).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command) -> String {
    format!("starting `{}`", command.get_program().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_kept_and_failure_is_told() {
        let script = "echo out; echo err >&2; exit 3";
        let shown = tee(Command::new("sh").args(["-c", script]), Path::new(".")).unwrap();
        assert!(shown.text.contains("out\n") && shown.text.contains("err\n"));
        assert!(!shown.succeeded);
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program"), Path::new(".")).unwrap_err();
        assert!(format!("{error:#}").contains("no-such-program"));
    }
}
