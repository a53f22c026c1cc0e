//! One connection of the load generator: TCP or TLS, blocking while it is set up, then served by the event loop.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// How long a set-up step may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes read at once.
pub const READ_BYTES: usize = 64 * 1024;

/// What is around the bytes.
#[derive(Clone)]
pub enum Wrapping {
    /// Nothing.
    Plain,
    /// TLS 1.3.
    Tls(Arc<ClientConfig>),
}

impl Wrapping {
    /// TLS that trusts this certificate only, and never resumes a session, as Sotto's clients don't.
    ///
    /// # Errors
    /// When the certificate is of no use.
    pub fn trusting(certificate: CertificateDer<'static>) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self::Tls(Arc::new(config)))
    }
}

/// An open connection with what has arrived and what is to leave.
pub struct Link {
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
    inbox: Inbox,
    outbox: Vec<u8>,
}

/// Bytes that arrived and were not taken yet.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
}

impl Inbox {
    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Forgets the first of them.
    pub fn take(&mut self, count: usize) {
        self.taken += count;
        if self.taken == self.bytes.len() {
            self.taken = 0;
            self.bytes.clear();
        }
    }

    fn place_for(&mut self, count: usize) -> &mut [u8] {
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        let end = self.bytes.len();
        self.bytes.resize(end + count, 0);
        &mut self.bytes[end..]
    }

    /// Nothing waits: gives the memory back, for connections that stay idle.
    fn shrink(&mut self) {
        if self.bytes().is_empty() {
            *self = Self::default();
        }
    }
}

impl Link {
    /// Connects, with the TLS handshake done.
    ///
    /// # Errors
    /// When the peer does not answer or is not trusted.
    pub fn connect(address: SocketAddr, wrapping: &Wrapping) -> anyhow::Result<Self> {
        let mut socket = TcpStream::connect_timeout(&address, PATIENCE).context("connecting")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let tls = match wrapping {
            Wrapping::Plain => None,
            Wrapping::Tls(config) => {
                let mut tls = ClientConnection::new(config.clone(), ServerName::from(address.ip()))?;
                tls.set_buffer_limit(None);
                while tls.is_handshaking() {
                    tls.complete_io(&mut socket).context("the TLS handshake")?;
                }
                Some(Box::new(tls))
            }
        };
        Ok(Self { socket, tls, inbox: Inbox::default(), outbox: Vec::new() })
    }

    /// What has arrived.
    pub fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    /// Queues bytes; [`flush`](Self::flush) lets them go.
    pub fn queue(&mut self, bytes: &[u8]) {
        self.outbox.extend_from_slice(bytes);
    }

    /// Writes what is queued, as far as the socket takes it.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn flush(&mut self) -> io::Result<()> {
        let done = match &mut self.tls {
            None => write_plain(&mut self.socket, &mut self.outbox),
            Some(tls) => {
                tls.writer().write_all(&self.outbox)?;
                self.outbox.clear();
                write_tls(&mut self.socket, tls)
            }
        };
        match done {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            done => done,
        }
    }

    /// Reads once into `scratch` and from there into the inbox.
    ///
    /// # Errors
    /// When the connection broke or ended.
    pub fn receive(&mut self, scratch: &mut [u8]) -> anyhow::Result<Read> {
        let count = match self.socket.read(scratch) {
            Ok(0) => anyhow::bail!("the server closed a connection"),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Read::All),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Read::Nothing),
            Err(error) => return Err(error.into()),
        };
        match &mut self.tls {
            None => self.inbox.place_for(count).copy_from_slice(&scratch[..count]),
            Some(tls) => decrypt(tls, &scratch[..count], &mut self.inbox)?,
        }
        Ok(if count == scratch.len() { Read::All } else { Read::Some })
    }

    /// Reads until something can be taken from the inbox; for the set-up, while the socket still blocks.
    ///
    /// # Errors
    /// When the server says nothing for long, or something else than expected.
    pub fn wait_for<T>(
        &mut self,
        mut take: impl FnMut(&mut Self) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let mut scratch = [0; READ_BYTES];
        self.flush()?;
        loop {
            if let Some(found) = take(self)? {
                self.inbox.shrink();
                return Ok(found);
            }
            ensure!(self.receive(&mut scratch)? != Read::Nothing, "no answer within {PATIENCE:?}");
        }
    }

    /// From here on reads and writes return at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn stop_blocking(&mut self) -> io::Result<()> {
        self.inbox.shrink();
        self.outbox = Vec::new();
        self.socket.set_nonblocking(true)
    }
}

impl AsRawFd for Link {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// How much one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Nothing was there.
    Nothing,
    /// Less than the buffer holds: the socket is empty now.
    Some,
    /// As much as the buffer holds, or an interruption: more may wait.
    All,
}

fn write_plain(socket: &mut TcpStream, outbox: &mut Vec<u8>) -> io::Result<()> {
    let mut written = 0;
    let done = loop {
        if written == outbox.len() {
            break Ok(());
        }
        match socket.write(&outbox[written..]) {
            Ok(0) => break Err(ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) => break Err(error),
        }
    };
    outbox.drain(..written);
    done
}

fn write_tls(socket: &mut TcpStream, tls: &mut ClientConnection) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(socket)?;
    }
    Ok(())
}

fn decrypt(tls: &mut ClientConnection, mut raw: &[u8], inbox: &mut Inbox) -> anyhow::Result<()> {
    while !raw.is_empty() {
        tls.read_tls(&mut raw)?;
        let ready = tls.process_new_packets()?.plaintext_bytes_to_read();
        if ready > 0 {
            tls.reader().read_exact(inbox.place_for(ready))?;
        }
    }
    Ok(())
}
