//! The real `sottod`, started as a process on a data directory of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]
#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod person;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use prost::Message as _;
use sotto_wire::proto::{Hello, TopicFrame, topic_frame};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// A place where nothing of the machine's own settings is seen.
pub(crate) struct House {
    pub(crate) dir: TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// Standard output, of a command that succeeded.
    pub(crate) fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Standard error, of a command that ended with this code.
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The data directory that commands use unless told otherwise.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("share/sottod")
    }

    /// `sottod` with these arguments and a clean environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sottod"));
        self.prepare(command.args(arguments));
        command
    }

    /// Gives a command this house's environment.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.env_clear().env("HOME", self.dir.path()).env("XDG_DATA_HOME", self.path("share"));
        command.stdin(Stdio::null());
        // Root on a machine with systemd would use the machine's own sottod.
        command.env("SOTTOD_DATA", self.data());
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.command(arguments).output().unwrap().into()
    }

    /// The objects that a command prints with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let text = self.run(&[arguments, &["--json"]].concat()).fine();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a server on a free port of the loopback.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Serving {
        Serving::start(self.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat()))
    }
}

/// A running server; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
}

impl Serving {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(url) = line.trim_end().strip_prefix("listening on ") else {
            let mut text = String::new();
            child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            panic!("it does not listen: {line}{text}");
        };
        Self { url: url.to_owned(), child, stdout }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Reads the log until a line holds this text.
    pub(crate) fn wait_for_log(&mut self, text: &str) {
        let mut stderr = BufReader::new(self.child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "the log ended without {text}");
        }
        self.child.stderr = Some(stderr.into_inner());
    }

    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status, log)
    }

    /// Stops it as systemd would; it must end in order. Returns what it said on standard error.
    pub(crate) fn stop(self) -> String {
        self.signal(Signal::SIGTERM);
        let (status, log) = self.wait();
        assert!(status.success(), "{status}: {log}");
        log
    }

    pub(crate) fn http(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Opens a WebSocket on the topic plane and reads the server's hello.
    pub(crate) fn hello(&self) -> (WebSocket<TcpStream>, Hello) {
        let stream = TcpStream::connect(self.address()).unwrap();
        let (mut socket, _) = client(format!("ws://{}/v1/topic", self.address()), stream).unwrap();
        let frame = topic_frame(&mut socket);
        match frame {
            topic_frame::Frame::Hello(hello) => (socket, hello),
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next frame on a topic connection.
pub(crate) fn topic_frame(socket: &mut WebSocket<TcpStream>) -> topic_frame::Frame {
    match socket.read().unwrap() {
        Message::Binary(bytes) => TopicFrame::decode(bytes).unwrap().frame.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Lowest permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
