//! The other side: a process that uses a profile which another one holds.

use std::io;

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::{Hello, SocketPath, is_same_user, lines};
use crate::exchange::{Numbered, Outward};
use crate::limits::{ANSWER_LINE_BYTES_MAX, REQUEST_LINE_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX};
use crate::profile::Profile;

/// A connection to the holder. Both ends close when the holder is gone or this is dropped.
pub(crate) struct Remote {
    pub(crate) requests: mpsc::Sender<Numbered>,
    pub(crate) outward: mpsc::Receiver<Outward>,
}

/// Connects; `None` when nobody answers there (yet, or any more).
pub(crate) async fn connect(profile: &Profile) -> io::Result<Option<(Hello, Remote)>> {
    let path = SocketPath::of(profile)?;
    let stream = match UnixStream::connect(&path.path).await {
        Ok(stream) if is_same_user(&stream) => stream,
        Ok(_) => return Err(io::ErrorKind::PermissionDenied.into()),
        Err(_) => return Ok(None),
    };
    let (incoming, mut outgoing) = stream.into_split();
    let mut incoming = BufReader::new(incoming);
    let Ok(Some(hello)) = lines::read::<Hello>(&mut incoming, REQUEST_LINE_BYTES_MAX).await else {
        return Ok(None);
    };
    let (requests, mut asked) = mpsc::channel::<Numbered>(REQUESTS_IN_FLIGHT_MAX);
    let (heard, outward) = mpsc::channel(1024);
    tokio::spawn(async move {
        while let Some(request) = asked.recv().await {
            if lines::write(&mut outgoing, &request).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        // An end, a broken line and a reader that is gone come to the same.
        while let Ok(Some(message)) = lines::read(&mut incoming, ANSWER_LINE_BYTES_MAX).await {
            if heard.send(message).await.is_err() {
                return;
            }
        }
    });
    Ok(Some((hello, Remote { requests, outward })))
}
