//! One plane's connection: opens the WebSocket, moves frames both ways, notices when the other side is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use sotto_engine::api::Plane;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::limits::{FRAMES_WAITING_MAX, PONG_TIME_MAX, QUIET_TIME, WRITE_TIME_MAX};
use crate::network::{ConnectTrouble, Network, Socket};
use crate::worker::Job;

/// Tells this connection from earlier ones of the same plane, whose last words may still be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) u64);

/// What a connection reports.
pub(crate) enum PlaneNews {
    Opened,
    Frame(Bytes),
    Closed(ConnectTrouble),
}

/// The worker's end of a connection. Dropping it closes the connection once what was given to it is written.
pub(crate) struct PlaneLink {
    pub(crate) generation: Generation,
    frames: mpsc::UnboundedSender<Bytes>,
    waiting: Arc<AtomicUsize>,
    _cancel: oneshot::Sender<()>,
}

impl PlaneLink {
    /// Queues a frame. The engine bounds what is under way; [`is_backlogged`](Self::is_backlogged) bounds the rest.
    pub(crate) fn send(&self, frame: Bytes) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // A connection that is gone has said so, or will.
        let _ = self.frames.send(frame);
    }

    pub(crate) fn is_backlogged(&self) -> bool {
        !self.frames.is_closed() && self.waiting.load(Ordering::Relaxed) > FRAMES_WAITING_MAX
    }
}

/// Where a connection goes and to whom it reports.
pub(crate) struct Route {
    pub(crate) network: Arc<Network>,
    pub(crate) server: String,
    pub(crate) plane: Plane,
    pub(crate) generation: Generation,
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) silence: Silence,
}

/// How long a connection may be silent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silence {
    /// Then a ping is sent.
    pub(crate) quiet: Duration,
    /// After that, without anything coming back, the connection is lost.
    pub(crate) lost: Duration,
}

impl Default for Silence {
    fn default() -> Self {
        Self { quiet: QUIET_TIME, lost: PONG_TIME_MAX }
    }
}

impl Route {
    /// Starts connecting.
    pub(crate) fn start(self, runtime: &tokio::runtime::Handle) -> (PlaneLink, JoinHandle<()>) {
        let (frames, outgoing) = mpsc::unbounded_channel();
        let (cancel, cancelled) = oneshot::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let link =
            PlaneLink { generation: self.generation, frames, waiting: waiting.clone(), _cancel: cancel };
        let task = runtime.spawn(self.run(Outgoing { frames: outgoing, waiting }, cancelled));
        (link, task)
    }

    async fn run(self, outgoing: Outgoing, mut cancelled: oneshot::Receiver<()>) {
        let opened = tokio::select! {
            opened = self.network.open(&self.server, self.plane) => opened,
            _ = &mut cancelled => return,
        };
        let socket = match opened {
            Ok(socket) => socket,
            Err(trouble) => return self.report(PlaneNews::Closed(trouble)).await,
        };
        self.report(PlaneNews::Opened).await;
        let (sink, stream) = socket.split();
        let (quiet, pings) = mpsc::channel(1);
        let writer = write(sink, outgoing, pings, self.jobs.clone());
        tokio::pin!(writer);
        let ended = tokio::select! {
            // Closing on purpose ends here, and nobody waits for news.
            ended = &mut writer => match ended { Some(trouble) => trouble, None => return },
            trouble = self.read(stream, quiet) => trouble,
            _ = &mut cancelled => {
                // What was queued before the farewell is still written.
                writer.await;
                return;
            }
        };
        self.report(PlaneNews::Closed(ended)).await;
    }

    async fn read(&self, mut stream: SplitStream<Socket>, quiet: mpsc::Sender<()>) -> ConnectTrouble {
        loop {
            let next = match timeout(self.silence.quiet, stream.next()).await {
                Ok(next) => next,
                Err(_quiet) => {
                    // Still to be written if the last one is.
                    let _ = quiet.try_send(());
                    match timeout(self.silence.lost, stream.next()).await {
                        Ok(next) => next,
                        Err(_silent) => return ConnectTrouble::Lost,
                    }
                }
            };
            match next {
                Some(Ok(Message::Binary(frame))) => self.report(PlaneNews::Frame(frame)).await,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => return ConnectTrouble::ClosedByServer,
                Some(Ok(Message::Text(_) | Message::Frame(_))) => return ConnectTrouble::Malformed,
                Some(Err(error)) => return ConnectTrouble::from_websocket(&error),
            }
        }
    }

    async fn report(&self, news: PlaneNews) {
        // A worker that is gone needs no news.
        let _ = self.jobs.send(Job::Plane(self.plane, self.generation, news)).await;
    }
}

struct Outgoing {
    frames: mpsc::UnboundedReceiver<Bytes>,
    waiting: Arc<AtomicUsize>,
}

/// Writes until the worker lets go (`None`) or writing fails.
async fn write(
    mut sink: SplitSink<Socket, Message>,
    mut outgoing: Outgoing,
    mut pings: mpsc::Receiver<()>,
    jobs: mpsc::Sender<Job>,
) -> Option<ConnectTrouble> {
    loop {
        let message = tokio::select! {
            frame = outgoing.frames.recv() => match frame {
                Some(frame) => Message::Binary(frame),
                None => {
                    let _ = timeout(Duration::from_secs(1), sink.close()).await;
                    return None;
                }
            },
            Some(()) = pings.recv() => Message::Ping(Bytes::new()),
        };
        let is_frame = matches!(message, Message::Binary(_));
        match timeout(WRITE_TIME_MAX, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Some(ConnectTrouble::from_websocket(&error)),
            Err(_stuck) => return Some(ConnectTrouble::TimedOut),
        }
        if is_frame && outgoing.waiting.fetch_sub(1, Ordering::Relaxed) == FRAMES_WAITING_MAX + 1 {
            // Wakes a worker that waits for just this; a busy one looks by itself.
            let _ = jobs.try_send(Job::Drained);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(server: String, silence: Silence) -> (Route, mpsc::Receiver<Job>) {
        let (jobs, news) = mpsc::channel(8);
        let network = Arc::new(Network::direct());
        (Route { network, server, plane: Plane::Topic, generation: Generation(1), jobs, silence }, news)
    }

    async fn next(news: &mut mpsc::Receiver<Job>) -> PlaneNews {
        match news.recv().await {
            Some(Job::Plane(Plane::Topic, Generation(1), news)) => news,
            _ => panic!("no news of the connection"),
        }
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_is_asked_and_then_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let silence = Silence { quiet: Duration::from_millis(50), lost: Duration::from_millis(50) };
        let (route, mut news) = route(server, silence);
        let (_link, _task) = route.start(&tokio::runtime::Handle::current());
        let (stream, _) = listener.accept().await.unwrap();
        // Shakes hands, and then never reads or writes: a machine that lost its network.
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        assert!(matches!(next(&mut news).await, PlaneNews::Opened));
        assert!(matches!(next(&mut news).await, PlaneNews::Closed(ConnectTrouble::Lost)));
        assert!(matches!(socket.next().await, Some(Ok(Message::Ping(_)))), "it was asked first");
    }

    #[tokio::test]
    async fn what_was_queued_before_the_farewell_is_still_written() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let (route, mut news) = route(server, Silence::default());
        let (link, task) = route.start(&tokio::runtime::Handle::current());
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        assert!(matches!(next(&mut news).await, PlaneNews::Opened));
        for number in 0..100_u8 {
            link.send(Bytes::from(vec![number; 1_000]));
        }
        drop(link);
        for number in 0..100 {
            assert_eq!(socket.next().await.unwrap().unwrap().into_data()[0], number);
        }
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
        task.await.unwrap();
    }
}
