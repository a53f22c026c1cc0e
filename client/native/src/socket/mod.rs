//! A profile's Unix socket: the process that holds the profile serves others of the same person on it.
//!
//! Lines of JSON. The holder says [`Hello`], then the client sends [`Numbered`](crate::exchange::Numbered) requests
//! and hears [`Outward`](crate::exchange::Outward) messages in order. Folder and socket are closed to others, and
//! each side checks that the other runs as the same user.

mod client;
mod lines;
mod server;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;

pub(crate) use self::client::{Remote, connect};
pub(crate) use self::server::{bind, serve};
use crate::profile::Profile;

/// Format of the lines; both sides must have the same.
pub(crate) const SOCKET_VERSION: u32 = 1;

/// First line, from the holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) socket: u32,
    /// Version of the program.
    pub(crate) version: String,
    /// The proxy all connections of the holder go through.
    pub(crate) proxy: Option<String>,
}

/// The first value of these bytes, which are all there is; `None` when there is none or it is refused.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_now<T: serde::de::DeserializeOwned>(mut bytes: &[u8], bytes_max: usize) -> Option<T> {
    futures_util::FutureExt::now_or_never(lines::read(&mut bytes, bytes_max))?.ok()?
}

/// Where the socket is, short enough for the operating system; good while it lives.
struct SocketPath {
    path: PathBuf,
    _folder: Option<File>,
}

/// Longest path that every Unix takes in a socket address.
const PATH_BYTES_MAX: usize = 100;

impl SocketPath {
    fn of(profile: &Profile) -> io::Result<Self> {
        let path = profile.socket();
        if path.as_os_str().len() <= PATH_BYTES_MAX {
            return Ok(Self { path, _folder: None });
        }
        // Linux reaches the folder by the number of an open file, however long its name.
        let folder = File::open(profile.dir())?;
        let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
        match (short.exists(), path.file_name()) {
            (true, Some(name)) => Ok(Self { path: short.join(name), _folder: Some(folder) }),
            _ => Err(io::Error::from(io::ErrorKind::InvalidFilename)),
        }
    }
}

/// Whether the process at the other end runs as the same user.
fn is_same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == nix::unistd::geteuid().as_raw())
}
