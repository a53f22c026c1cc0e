//! Tells systemd how far we are (sd_notify): one datagram, when there is a systemd.

use std::io;

/// What systemd may be told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    Ready,
    Stopping,
}

/// Tells it. Without a systemd this does nothing; a systemd that does not listen is not our trouble.
pub(crate) fn notify(state: State) {
    if let Err(error) = send(state) {
        tracing::warn!(%error, "cannot notify systemd");
    }
}

#[cfg(target_os = "linux")]
fn send(state: State) -> io::Result<()> {
    use std::os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(&socket)?,
    };
    let text: &[u8] = match state {
        State::Ready => b"READY=1",
        State::Stopping => b"STOPPING=1",
    };
    UnixDatagram::unbound()?.send_to_addr(text, &address).map(|_| ())
}

#[cfg(not(target_os = "linux"))]
fn send(_: State) -> io::Result<()> {
    Ok(())
}
