//! What answers to HTTP: two WebSocket endpoints, health, metrics, and the web client or a page that says what this is.

use std::{
    net::IpAddr,
    sync::{Arc, Once},
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sotto_service::Plane;
use sotto_wire::limits::{PROTOCOL, PROTOCOL_MIN};
use tokio::{sync::oneshot, time::timeout};
use tungstenite::handshake::server::create_response_with_body;

use crate::{
    connection::Connection,
    forwarded::last_address,
    limits::PROBE_MAX,
    options::MetricsAudience,
    seats::{Seat, Visitor},
    server::Shared,
    service_thread::{Event, Pulse},
    transport::Transport,
    web,
};

const FORWARDED: &str = "x-forwarded-for";

/// Who sends a request, as an extension of it.
#[derive(Clone)]
pub(crate) struct Caller {
    /// Where the connection comes from: the peer, or the proxy.
    pub(crate) address: IpAddr,
    /// Known from the start unless a proxy will name the peer.
    pub(crate) visitor: Option<Arc<Visitor>>,
    pub(crate) seat: Arc<Seat>,
}

/// Every route.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/v1/account", get(account))
        .route("/v1/topic", get(topic))
        .fallback(file)
        .with_state(shared)
}

/// A file of the web client. A server that was built without it says so.
async fn file(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path();
    match &shared.web {
        Some(web) => web.answer(request.method(), path, request.headers()),
        None if path == "/" && request.method() == Method::GET => web::guarded(Html(WITHOUT_WEB_CLIENT)),
        None => not_found().await.into_response(),
    }
}

const WITHOUT_WEB_CLIENT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Sotto server</title>\n\
     <h1>This is a Sotto server</h1>\n\
     <p>It carries end-to-end encrypted conversations that it cannot read. This one was built without the web client: \
     <code>cargo xtask web</code> builds that, and the server afterwards includes it.</p>\n\
     <p>The command line works: <code>sotto register @you --server THIS-ADDRESS</code>.</p>\n";

async fn not_found() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "Nothing here. A Sotto server answers at /, /health, /v1/account and /v1/topic.\n",
    )
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let (status, word) = match probe(&shared).await {
        Some(_) => (StatusCode::OK, "ok"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "stuck"),
    };
    let body = format!("{{\"status\":\"{word}\",\"protocol\":{PROTOCOL},\"protocol_min\":{PROTOCOL_MIN}}}\n");
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn metrics(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    if !may_read_metrics(shared.options.metrics, &caller, &headers) {
        return not_found().await.into_response();
    }
    let Some(pulse) = probe(&shared).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the service does not answer\n").into_response();
    };
    let waiting = shared.events.max_capacity() - shared.events.capacity();
    let page = shared.metrics.page(&pulse, waiting);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}

fn may_read_metrics(audience: MetricsAudience, caller: &Caller, headers: &HeaderMap) -> bool {
    match audience {
        MetricsAudience::Everyone => true,
        MetricsAudience::Nobody => false,
        // A proxy on this machine comes from loopback too, but names somebody it speaks for.
        MetricsAudience::Local => {
            caller.address.to_canonical().is_loopback() && !headers.contains_key(FORWARDED)
        }
    }
}

/// Numbers from the service thread; absent when it does not answer in time.
async fn probe(shared: &Shared) -> Option<Pulse> {
    let (answer, pulse) = oneshot::channel();
    timeout(PROBE_MAX, async {
        shared.events.send(Event::Probe(answer)).await.ok()?;
        pulse.await.ok()
    })
    .await
    .ok()
    .flatten()
}

async fn account(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    upgrade(shared, Plane::Account, request)
}

async fn topic(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    upgrade(shared, Plane::Topic, request)
}

fn upgrade(shared: Arc<Shared>, plane: Plane, mut request: Request) -> Response {
    let Ok(response) = create_response_with_body(&request, Body::empty) else {
        let text = "A Sotto client opens a WebSocket here.\n";
        let headers = [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")];
        return (StatusCode::UPGRADE_REQUIRED, headers, text).into_response();
    };
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Some(visitor) = identify(&shared, &caller, request.headers()) else {
        shared.metrics.refused.prefix_full.add(1);
        return (StatusCode::TOO_MANY_REQUESTS, "Too many connections from your network.\n").into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    shared.tasks.clone().spawn(begin(shared, plane, visitor, caller.seat, upgrade));
    response
}

/// Behind a proxy the peer is the one it names.
fn identify(shared: &Shared, caller: &Caller, headers: &HeaderMap) -> Option<Arc<Visitor>> {
    if let Some(visitor) = &caller.visitor {
        return Some(visitor.clone());
    }
    let peer = forwarded_for(headers).unwrap_or_else(|| {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            tracing::warn!("the reverse proxy names no peer in X-Forwarded-For: all count as one network");
        });
        caller.address
    });
    shared.seats.let_in(peer).map(Arc::new)
}

/// What the last header says: the proxy added it.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    last_address(headers.get_all(FORWARDED).iter().next_back()?.to_str().ok()?)
}

/// Waits for the bare stream, then serves it in a task of its own that is no larger than it must be.
async fn begin(
    shared: Arc<Shared>,
    plane: Plane,
    visitor: Arc<Visitor>,
    seat: Arc<Seat>,
    upgrade: OnUpgrade,
) {
    let Ok(upgraded) = upgrade.await else { return shared.metrics.refused.http.add(1) };
    let Ok(parts) = Upgraded::downcast::<TokioIo<Transport>>(upgraded) else { return };
    let connection = Connection::new(plane, visitor, parts.io.into_inner(), &parts.read_buf, shared.clone());
    shared.tasks.clone().spawn(async move {
        let _seat = seat;
        connection.run().await;
    });
}
