//! The server: listens, lets peers in, and ends in order.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rand_core::CryptoRngCore;
use sotto_ports::Store;
use sotto_service::{ConnectionId, Service};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{Semaphore, mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ending::Ending,
    limits::{ACCEPT_PAUSE, HEADER_BYTES_MAX, HEADER_READ_MAX, PLAIN_HTTP_MAX, TICK, TLS_HANDSHAKE_MAX},
    metrics::Metrics,
    options::{Options, PlainOnPublicAddress, Proxy},
    routes::{self, Caller},
    seats::Seats,
    service_thread::{self, Event},
    transport::Transport,
    web::WebClient,
};

/// A server that listens and does not answer yet: its address is known, its service is not.
pub struct Server {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    options: Options,
    web: Option<WebClient>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The options contradict each other.
    #[error(transparent)]
    Refused(#[from] PlainOnPublicAddress),
    /// The address cannot be had.
    #[error("cannot listen on {listen}: {cause}")]
    Address {
        /// The address.
        listen: SocketAddr,
        /// What the operating system says.
        cause: io::Error,
    },
    /// rustls refuses the configuration.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why a running server ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The thread could not be started.
    #[error("cannot start the service thread: {0}")]
    Thread(io::Error),
    /// The service thread died: a bug. Nothing that was acknowledged is lost.
    #[error("the service thread ended unexpectedly; restart the server and report this")]
    ServiceDied,
}

/// What every connection shares.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) web: Option<WebClient>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) seats: Arc<Seats>,
    /// Memory for large messages, one permit a byte.
    pub(crate) large_messages: Arc<Semaphore>,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    connections: AtomicU64,
}

impl Shared {
    pub(crate) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Relaxed))
    }

    /// Waits until the service thread can be told something.
    pub(crate) async fn place_for_event(&self) -> Result<mpsc::Permit<'_, Event>, Ending> {
        self.events.reserve().await.map_err(|_| Ending::Orphaned)
    }
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// When the options are refused or the address cannot be had.
    pub async fn bind(options: Options) -> Result<Self, BindError> {
        options.check()?;
        let acceptor = options.certificate.as_ref().map(|certificate| certificate.acceptor()).transpose()?;
        let listen = options.listen;
        let listener =
            TcpListener::bind(listen).await.map_err(|cause| BindError::Address { listen, cause })?;
        Ok(Self { listener, acceptor, options, web: None })
    }

    /// Serves the web client too.
    #[must_use]
    pub fn with_web_client(self, web: WebClient) -> Self {
        Self { web: Some(web), ..self }
    }

    /// The address, with the port that port 0 became.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.acceptor.is_some() { "https" } else { "http" }
    }

    /// Serves until `stop` is cancelled, then ends: accepts nobody, answers what it accepted, says goodbye.
    /// Gives the service back for its store to be closed.
    ///
    /// # Errors
    /// When the service thread cannot be started or dies.
    pub async fn serve<S: Store + Send + 'static>(
        self,
        service: Service<S>,
        entropy: Box<dyn CryptoRngCore + Send>,
        stop: CancellationToken,
    ) -> Result<Service<S>, ServeError> {
        let Self { listener, acceptor, options, web } = self;
        let metrics = Arc::new(Metrics::default());
        let (events, mut service) =
            service_thread::start(service, entropy, metrics.clone()).map_err(ServeError::Thread)?;
        let shared = Arc::new(Shared {
            seats: Seats::new(options.connections_max, options.connections_per_prefix_max),
            large_messages: Arc::new(Semaphore::new(options.large_message_bytes)),
            tasks: TaskTracker::new(),
            connections: AtomicU64::new(0),
            options,
            web,
            events,
            metrics,
            stop: stop.clone(),
        });
        let door = Door { router: routes::router(shared.clone()), acceptor, shared: shared.clone() };
        let died = select! {
            () = stop.cancelled() => false,
            () = door.accept_all(listener) => false,
            () = tick(&shared.events) => true,
            _ = &mut service => true,
        };
        drop(door);
        stop.cancel();
        if died {
            return Err(ServeError::ServiceDied);
        }
        finish(&shared, service).await
    }
}

async fn finish<S>(
    shared: &Shared,
    service: oneshot::Receiver<Service<S>>,
) -> Result<Service<S>, ServeError> {
    shared.tasks.close();
    if timeout(shared.options.stop_within, shared.tasks.wait()).await.is_err() {
        tracing::warn!(connections = shared.tasks.len(), "connections did not end in time and are cut");
    }
    shared.events.send(Event::Stop).await.map_err(|_| ServeError::ServiceDied)?;
    service.await.map_err(|_| ServeError::ServiceDied)
}

/// Ends only when the service thread does.
async fn tick(events: &mpsc::Sender<Event>) {
    let mut clock = interval(TICK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if events.send(Event::Tick).await.is_err() {
            return;
        }
    }
}

/// Where peers come in.
struct Door {
    router: Router,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
}

impl Door {
    async fn accept_all(&self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => self.let_in(stream, address),
                Err(error) => {
                    // Out of file descriptors, say: waiting lets some go.
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn let_in(&self, stream: TcpStream, address: SocketAddr) {
        let shared = &self.shared;
        let Some(seat) = shared.seats.take() else { return shared.metrics.refused.full.add(1) };
        let visitor = match shared.options.proxy {
            Proxy::Trusted => None,
            Proxy::None => match shared.seats.let_in(address.ip()) {
                Some(visitor) => Some(Arc::new(visitor)),
                None => return shared.metrics.refused.prefix_full.add(1),
            },
        };
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let caller = Caller { address: address.ip(), visitor, seat: Arc::new(seat) };
        let (router, acceptor, shared) = (self.router.clone(), self.acceptor.clone(), shared.clone());
        self.shared.tasks.spawn(async move {
            let stopping = shared.stop.clone();
            select! {
                () = stopping.cancelled() => {}
                () = receive_caller(stream, caller, router, acceptor, &shared) => {}
            }
        });
    }
}

/// TLS handshake and HTTP, in a task that ends when a WebSocket begins: nothing of them stays in memory.
async fn receive_caller(
    stream: TcpStream,
    caller: Caller,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    shared: &Shared,
) {
    let transport = match acceptor {
        None => Transport::Plain(stream),
        Some(acceptor) => match timeout(TLS_HANDSHAKE_MAX, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Transport::Tls(Box::new(stream)),
            Ok(Err(_)) | Err(_) => return shared.metrics.refused.tls.add(1),
        },
    };
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(caller.clone());
        hyper::service::Service::call(&router, request)
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(transport), service)
        .with_upgrades();
    match timeout(PLAIN_HTTP_MAX, http).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => shared.metrics.refused.http.add(1),
    }
}
