//! `sottod serve`: from settings to a running server, and to its orderly end.

use std::{fmt, net::SocketAddr, sync::Arc};

use nix::sys::signal::Signal;
use rand_core::OsRng;
use serde::Serialize;
use sotto_http::{
    BindError, CancellationToken, Certificate, MetricsAudience, Options, Proxy, Server, TlsFiles,
};
use sotto_service::{Registration, Service, Settings as ServiceSettings};
use sotto_sqlite::SqliteStore;
use sotto_wire::{ids::Host, limits::WORK_BITS_MAX};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    data_dir::{DataDir, Lock},
    failure::Failure,
    log_key::{self, Before},
    logging, notify,
    output::{Output, note},
    settings::{LogFormat, MetricsTo, PublicUrl, RegistrationMode, Settings, Switch},
    web,
};

/// How this program is called in `Hello`, at the start and in backups.
pub(crate) const SOFTWARE: &str = concat!("sottod ", env!("CARGO_PKG_VERSION"));

/// Two messages of the largest kind fit.
const LARGE_MESSAGE_BYTES_MIN: usize = 8 << 20;

/// Serves until a signal says to stop.
pub(crate) fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    logging::start(settings);
    let options = options(settings)?;
    raise_descriptor_limit();
    let dir = DataDir::named(settings)?;
    dir.make()?;
    let start = if dir.is_vacant().unwrap_or_default() { Start::First } else { Start::Again };
    let lock = dir.lock()?;
    let parts = Parts { settings, options, dir, lock, start };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::because("cannot start", error))?;
    runtime.block_on(parts.serve(output))
}

/// Whether this data directory is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    First,
    Again,
}

struct Parts<'a> {
    settings: &'a Settings,
    options: Options,
    dir: DataDir,
    /// Held until the store is closed.
    lock: Lock,
    start: Start,
}

#[derive(Serialize)]
struct Listening {
    listening: String,
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on {}", self.listening)
    }
}

impl Parts<'_> {
    async fn serve(self, output: Output) -> Result<(), Failure> {
        let before = if SqliteStore::exists(self.dir.path()) { Before::Databases } else { Before::Nothing };
        let log_key = log_key::load_or_make(&self.dir, before, &mut OsRng)?;
        let store =
            SqliteStore::open(self.dir.path()).map_err(|error| Failure::Refused(error.to_string()))?;
        let certificate = self.options.certificate.clone();
        let mut server = Server::bind(self.options).await.map_err(refused)?;
        if let Some(web) = web::client() {
            server = server.with_web_client(web);
        }
        let address = server.address().map_err(|error| Failure::because("no address", error))?;
        let local = format!("{}://{address}", server.scheme());
        let url = self.settings.public_url.as_ref().map_or_else(|| local.clone(), PublicUrl::to_string);
        let service = Service::new(store, service_settings(self.settings, address)?, log_key);

        let stop = CancellationToken::new();
        watch_signals(stop.clone(), certificate)?;
        output.record(&Listening { listening: local })?;
        greet(self.settings, &self.dir, &url, self.start);
        notify::notify(notify::State::Ready);
        let served = server.serve(service, Box::new(OsRng), stop).await;
        notify::notify(notify::State::Stopping);

        let service = served.map_err(|error| Failure::Refused(error.to_string()))?;
        let closed = service.into_store().close();
        drop(self.lock);
        closed.map_err(|error| Failure::because("the databases did not close", error))?;
        tracing::info!("stopped");
        Ok(())
    }
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::Refused(_) => Failure::Usage(error.to_string()),
        BindError::Address { .. } | BindError::Tls(_) => Failure::Refused(error.to_string()),
    }
}

/// The transport's part of the settings, checked together.
pub(crate) fn options(settings: &Settings) -> Result<Options, Failure> {
    let options = Options {
        listen: settings.listen,
        certificate: certificate(settings)?,
        proxy: match settings.behind_proxy {
            Switch::On => Proxy::Trusted,
            Switch::Off => Proxy::None,
        },
        metrics: match settings.metrics {
            MetricsTo::Local => MetricsAudience::Local,
            MetricsTo::Public => MetricsAudience::Everyone,
            MetricsTo::Off => MetricsAudience::Nobody,
        },
        connections_max: settings.connections_max,
        connections_per_prefix_max: settings.connections_per_network_max,
        ping_after: settings.ping_after.0,
        unwritable_max: settings.slow_reader_after.0,
        stop_within: settings.stop_within.0,
        large_message_bytes: settings.large_message_mib.saturating_mul(1024 * 1024),
    };
    options.check().map_err(|error| Failure::Usage(error.to_string()))?;
    require_public_url(settings)?;
    if settings.work_bits > WORK_BITS_MAX {
        return Err(Failure::Usage(format!(
            "work-bits is at most {WORK_BITS_MAX}: more would keep everybody out"
        )));
    }
    if options.large_message_bytes < LARGE_MESSAGE_BYTES_MIN {
        return Err(Failure::Usage("large-message-mib is at least 8: one message must fit".to_owned()));
    }
    Ok(options)
}

/// Devices sign the server's name when they authenticate, so it must be the one they know.
fn require_public_url(settings: &Settings) -> Result<(), Failure> {
    let for_others =
        !settings.listen.ip().to_canonical().is_loopback() || settings.behind_proxy == Switch::On;
    if for_others && settings.public_url.is_none() {
        return Err(Failure::Usage(
            "say how people reach this server: --public-url https://chat.example.org (SOTTOD_PUBLIC_URL)"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The certificate, when the settings name one.
fn certificate(settings: &Settings) -> Result<Option<Arc<Certificate>>, Failure> {
    match (&settings.tls_cert, &settings.tls_key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let files = TlsFiles { certificate: certificate.clone(), key: key.clone() };
            Certificate::load(files).map(Some).map_err(|error| Failure::Refused(error.to_string()))
        }
        (Some(_), None) => Err(Failure::Usage("--tls-cert needs --tls-key FILE too".to_owned())),
        (None, Some(_)) => Err(Failure::Usage("--tls-key needs --tls-cert FILE too".to_owned())),
    }
}

/// The service's part of the settings. On loopback a server without a name is called by its address.
fn service_settings(settings: &Settings, address: SocketAddr) -> Result<ServiceSettings, Failure> {
    let host = match &settings.public_url {
        Some(url) => url.name().clone(),
        None => Host::parse(&address.to_string())
            .map_err(|error| Failure::because(format!("{address} cannot be this server's name"), error))?,
    };
    let registration = match settings.registration {
        RegistrationMode::Open => Registration::Open { work_bits: settings.work_bits },
        RegistrationMode::Invite => Registration::Invite,
        RegistrationMode::Closed => Registration::Closed,
    };
    Ok(ServiceSettings { host, software: SOFTWARE.to_owned(), registration })
}

/// The first signal stops in order, the second at once; SIGHUP reads the certificate again.
fn watch_signals(stop: CancellationToken, certificate: Option<Arc<Certificate>>) -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::because("cannot listen for signals", error));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    // Listened to so that it does not end the process: a limit on file sizes then fails a write like a full disk.
    let file_too_large = listen(SignalKind::from_raw(Signal::SIGXFSZ as i32))?;
    tokio::spawn(async move {
        let _file_too_large = file_too_large;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {
                    reload(certificate.as_deref());
                    continue;
                }
            }
            if stop.is_cancelled() {
                tracing::warn!("stopping at once");
                std::process::exit(1);
            }
            tracing::info!("stopping; a second signal stops at once");
            stop.cancel();
        }
    });
    Ok(())
}

fn reload(certificate: Option<&Certificate>) {
    match certificate.map(Certificate::reload) {
        None => tracing::info!("nothing to read again: no certificate is set"),
        Some(Ok(())) => tracing::info!("certificate read again"),
        Some(Err(error)) => tracing::error!(%error, "the certificate in use stays"),
    }
}

/// Each connection is a descriptor; the usual soft limit of 1,024 is for programs that use select(2).
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}

/// Says what runs and what to do next.
fn greet(settings: &Settings, dir: &DataDir, url: &str, start: Start) {
    if settings.log_format == LogFormat::Json {
        tracing::info!(url, "serving");
        return;
    }
    note(format_args!("{SOFTWARE} serves {url}; its data is in {}", dir.path().display()));
    if web::client().is_some() {
        note(format_args!("In a browser: {url}"));
    }
    let invite = format!("sottod invite{}", place_flags(settings, dir, url));
    match (settings.registration, start) {
        (RegistrationMode::Open, _) => {
            note("Anybody may open an account:");
            note(format_args!("    sotto register @you --server {url}"));
        }
        (RegistrationMode::Invite, Start::First) => {
            note("Opening an account needs an invitation. Make the first one in another terminal:");
            note(format_args!("    {invite}"));
        }
        (RegistrationMode::Invite, Start::Again) => note(format_args!("Invitations: {invite}")),
        (RegistrationMode::Closed, _) => note("Nobody can open an account: registration is closed."),
    }
    if start == Start::First {
        note("Keep a backup: `sottod backup DIR`. Something wrong? `sottod doctor`. Stop with Ctrl-C.");
    }
}

/// What another command needs in order to find this server.
fn place_flags(settings: &Settings, dir: &DataDir, url: &str) -> String {
    let mut flags = String::new();
    if let Some(config) = &settings.config {
        flags.push_str(&format!(" --config {}", config.display()));
    }
    if settings.data.is_some() {
        flags.push_str(&format!(" --data {}", dir.path().display()));
    }
    if settings.public_url.is_none() {
        flags.push_str(&format!(" --public-url {url}"));
    }
    flags
}
