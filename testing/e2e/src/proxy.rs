//! Between clients and server: sees every WebSocket message, and may change, swallow, repeat or hold it back.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{accept_hdr_async, client_async};

use crate::plane::Plane;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the server.
    ToClient,
    /// From a client.
    ToServer,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Passing {
    /// Which connection, counted from 1.
    pub connection: u64,
    /// Which kind.
    pub plane: Plane,
    /// Where to.
    pub way: Way,
    /// The whole binary message.
    pub frame: Bytes,
}

/// What becomes of a message: these are passed on in its stead.
pub type Meddler = Box<dyn FnMut(&Passing) -> Vec<Bytes> + Send>;

/// The flow of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// They pass.
    Open,
    /// Connections stand, nothing passes.
    Stalled,
    /// Connections break, and new ones are refused.
    Cut,
}

/// What clients have sent since the recording began.
#[derive(Debug, Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<(Plane, Bytes)>>>);

impl Recording {
    /// The frames so far, in order.
    pub fn frames(&self) -> Vec<(Plane, Bytes)> {
        lock(&self.0).clone()
    }
}

struct Shared {
    upstream: Mutex<Option<SocketAddr>>,
    meddler: Mutex<Option<Meddler>>,
    flow: watch::Sender<Flow>,
}

/// A running proxy; it ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on the loopback. Where to is said by [`forward_to`](Self::forward_to).
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start() -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (flow, _) = watch::channel(Flow::Open);
        let shared = Arc::new(Shared { upstream: Mutex::new(None), meddler: Mutex::new(None), flow });
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let accepting = shared.clone();
        let thread = std::thread::Builder::new().name("proxy".into()).spawn(move || {
            runtime.block_on(accept(listener, &accepting, stopped));
        })?;
        Ok(Self { address, shared, stop, thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`: the server as its clients know it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends new connections there.
    pub fn forward_to(&self, upstream: SocketAddr) {
        *lock(&self.shared.upstream) = Some(upstream);
    }

    /// Begins to meddle, in place of whoever did.
    pub fn meddle(&self, meddler: impl FnMut(&Passing) -> Vec<Bytes> + Send + 'static) {
        *lock(&self.shared.meddler) = Some(Box::new(meddler));
    }

    /// Passes everything on as it is, and keeps what clients send.
    pub fn record(&self) -> Recording {
        let recording = Recording::default();
        let keep = recording.clone();
        self.meddle(move |passing| {
            if passing.way == Way::ToServer {
                lock(&keep.0).push((passing.plane, passing.frame.clone()));
            }
            vec![passing.frame.clone()]
        });
        recording
    }

    /// Passes everything on as it is.
    pub fn be_honest(&self) {
        *lock(&self.shared.meddler) = None;
    }

    /// Opens, stalls or cuts the flow of messages.
    pub fn set_flow(&self, flow: Flow) {
        self.shared.flow.send_replace(flow);
    }

    /// Breaks every connection; new ones are made at once.
    pub fn break_connections(&self) {
        self.set_flow(Flow::Cut);
        self.set_flow(Flow::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A meddler that panicked has failed its test already.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: std::net::TcpListener, shared: &Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut connections = tokio::task::JoinSet::new();
    for number in 1.. {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted { Ok((stream, _)) => stream, Err(_) => continue },
            _ = stopped.changed() => return,
        };
        if *shared.flow.borrow() != Flow::Cut {
            connections.spawn(attend(number, stream, shared.clone()));
        }
    }
}

/// One connection until either side ends it or the flow is cut.
async fn attend(connection: u64, client: TcpStream, shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut flow = shared.flow.subscribe();
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let note_path = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        request.uri().path().clone_into(&mut path);
        Ok(response)
    };
    let client = accept_hdr_async(client, note_path).await?;
    let upstream = lock(&shared.upstream).context("nowhere to forward to")?;
    let server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    let (server, _) = client_async(format!("ws://{upstream}{path}"), server).await?;
    let plane = if path.ends_with("account") { Plane::Account } else { Plane::Topic };
    let (mut to_client, mut from_client) = client.split();
    let (mut to_server, mut from_server) = server.split();
    loop {
        let now = *flow.borrow_and_update();
        if now == Flow::Cut {
            return Ok(());
        }
        let (way, message) = tokio::select! {
            message = from_client.next(), if now == Flow::Open => (Way::ToServer, message),
            message = from_server.next(), if now == Flow::Open => (Way::ToClient, message),
            _ = flow.changed() => continue,
        };
        let frames = match message {
            Some(Ok(Message::Binary(frame))) => shared.pass(Passing { connection, plane, way, frame }),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Vec::new(),
            _ => return Ok(()),
        };
        for frame in frames {
            match way {
                Way::ToClient => to_client.send(Message::Binary(frame)).await?,
                Way::ToServer => to_server.send(Message::Binary(frame)).await?,
            }
        }
    }
}

impl Shared {
    fn pass(&self, passing: Passing) -> Vec<Bytes> {
        match lock(&self.meddler).as_mut() {
            Some(meddle) => meddle(&passing),
            None => vec![passing.frame],
        }
    }
}
