//! One WebSocket from its first byte after the handshake to its last.
//!
//! One task reads and writes. While a write waits for the peer nothing is read, so a peer that does not take its
//! answers cannot ask for more; one that takes nothing at all is closed as too slow.

use std::{
    future::{poll_fn, ready},
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use sotto_service::{ConnectionId, Plane, Received, Request, closing_frame};
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf},
    select,
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::PollSemaphore;

use crate::{
    ending::Ending,
    limits::{FAREWELL_MAX, LINGER_BYTES_MAX, MESSAGE_READ_MAX, READ_BYTES},
    mailbox::{Mailbox, Taken},
    seats::Visitor,
    server::Shared,
    service_thread::Event,
    transport::Transport,
    websocket::{Decoder, Encoder, Step, Violation},
};

/// Slices given to one write.
const SLICES: usize = 16;

/// An open WebSocket.
pub(crate) struct Connection {
    id: ConnectionId,
    plane: Plane,
    visitor: Arc<Visitor>,
    transport: Transport,
    decoder: Decoder,
    encoder: Encoder,
    mailbox: Arc<Mailbox>,
    shared: Arc<Shared>,
    /// A place in the queue of those who wait to send something large.
    waiting: Option<Box<PollSemaphore>>,
    /// The memory granted to the message now arriving.
    budget: Option<OwnedSemaphorePermit>,
    last_heard: Instant,
    /// When the message now arriving began.
    message_began: Option<Instant>,
}

/// What the socket brought.
enum Arrived {
    Message(Bytes),
    Ping(Bytes),
    Pong,
    Close,
    End,
    Violation(Violation),
}

/// Whether the mailbox may hold more than was just written.
#[derive(PartialEq)]
enum Queue {
    Empty,
    MayHoldMore,
}

impl Connection {
    /// A connection whose handshake is done. `early` came together with the handshake.
    pub(crate) fn new(
        plane: Plane,
        visitor: Arc<Visitor>,
        transport: Transport,
        early: &[u8],
        shared: Arc<Shared>,
    ) -> Self {
        let mut decoder = Decoder::default();
        decoder.push(early);
        Self {
            id: shared.next_connection(),
            plane,
            visitor,
            transport,
            decoder,
            encoder: Encoder::default(),
            mailbox: Arc::default(),
            shared,
            waiting: None,
            budget: None,
            last_heard: Instant::now(),
            message_began: None,
        }
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self) {
        let prefix = self.visitor.prefix();
        let (id, plane, mailbox) = (self.id, self.plane, self.mailbox.clone());
        let Ok(place) = self.shared.place_for_event().await else { return };
        place.send(Event::Connected { id, plane, prefix, mailbox });
        let metrics = self.shared.metrics.clone();
        metrics.plane(plane).opened.add(1);
        metrics.plane(plane).open.add(1);
        let ending = match self.serve().await {
            Err(ending) => ending,
            Ok(never) => match never {},
        };
        metrics.plane(plane).open.sub(1);
        ending.count(&metrics);
        // Without a service there is nobody to tell.
        if let Ok(place) = self.shared.place_for_event().await {
            place.send(Event::Disconnected(id));
        }
        Box::pin(self.say_goodbye(ending)).await;
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, Ending> {
        let (mailbox, stop) = (self.mailbox.clone(), self.shared.stop.clone());
        let ping_after = self.shared.options.ping_after;
        let mut pulse = pin!(sleep(ping_after));
        loop {
            let queue = self.write_queued().await?;
            let stopping = stop.is_cancelled();
            if stopping && queue == Queue::Empty && mailbox.is_settled() {
                return Err(Ending::ShuttingDown);
            }
            let reading = !stopping && mailbox.has_room_for_request();
            select! {
                () = ready(()), if queue == Queue::MayHoldMore => {}
                () = mailbox.changed() => {}
                () = stop.cancelled(), if !stopping => {}
                arrived = self.receive(), if reading => self.take_in(arrived).await?,
                () = pulse.as_mut() => {
                    self.feel_pulse(reading)?;
                    pulse.as_mut().reset(Instant::now() + ping_after);
                }
            }
        }
    }

    /// Writes about one write's worth of what waits.
    async fn write_queued(&mut self) -> Result<Queue, Ending> {
        let (encoder, mut count) = (&mut self.encoder, 0);
        let taken = self.mailbox.take(|frame| {
            encoder.binary(frame);
            count += 1;
        });
        self.write_all(self.shared.options.unwritable_max).await?;
        self.shared.metrics.plane(self.plane).messages_sent.add(count);
        match taken {
            Taken::Nothing => Ok(Queue::Empty),
            Taken::Frames { asks } => {
                for _ in 0..asks {
                    self.shared.place_for_event().await?.send(Event::Writable(self.id));
                }
                Ok(Queue::MayHoldMore)
            }
            Taken::Last => Err(Ending::Dismissed),
            Taken::Overflowed => Err(Ending::TooSlow),
        }
    }

    /// The next thing the peer sent. May be dropped while waiting: what arrived stays with the decoder.
    async fn receive(&mut self) -> Arrived {
        loop {
            match self.decoder.step() {
                Ok(Step::NeedMore) => {}
                Ok(Step::NeedBudget(bytes)) => {
                    self.obtain_budget(bytes).await;
                    continue;
                }
                Ok(Step::Message(message)) => return Arrived::Message(message),
                Ok(Step::Ping(payload)) => return Arrived::Ping(payload),
                Ok(Step::Pong) => return Arrived::Pong,
                Ok(Step::Close) => return Arrived::Close,
                Err(violation) => return Arrived::Violation(violation),
            }
            match self.read_some().await {
                Ok(0) | Err(_) => return Arrived::End,
                Ok(_) => {
                    self.last_heard = Instant::now();
                    self.message_began.get_or_insert(self.last_heard);
                }
            }
        }
    }

    async fn take_in(&mut self, arrived: Arrived) -> Result<(), Ending> {
        self.message_began = None;
        match arrived {
            Arrived::Message(message) => self.pass_on(message).await,
            Arrived::Ping(payload) => {
                self.encoder.pong(payload);
                Ok(())
            }
            Arrived::Pong => Ok(()),
            Arrived::Close => Err(Ending::Left),
            Arrived::End => Err(Ending::Lost),
            Arrived::Violation(violation) => Err(Ending::Broke(violation)),
        }
    }

    async fn pass_on(&mut self, message: Bytes) -> Result<(), Ending> {
        // Parsed after the wait for a place, so that no idle connection has room for a parsed request.
        let place = self.shared.place_for_event().await?;
        self.shared.metrics.plane(self.plane).messages_received.add(1);
        self.mailbox.request_accepted();
        let received = Received { connection: self.id, request: Request::parse(self.plane, message) };
        place.send(Event::Received { received, budget: self.budget.take() });
        Ok(())
    }

    /// Looks, once per ping interval, whether the peer is still there.
    fn feel_pulse(&mut self, reading: bool) -> Result<(), Ending> {
        let ping_after = self.shared.options.ping_after;
        if !reading {
            // It may be speaking; we are the ones who do not listen.
            self.last_heard = Instant::now();
            self.message_began = None;
            return Ok(());
        }
        let mid_message = self.decoder.is_mid_message();
        if mid_message && self.message_began.is_some_and(|began| began.elapsed() > MESSAGE_READ_MAX) {
            return Err(Ending::TooSlow);
        }
        let silence = self.last_heard.elapsed();
        if silence >= 2 * ping_after {
            return Err(Ending::Silent);
        }
        if silence >= ping_after {
            self.encoder.ping();
        }
        Ok(())
    }

    async fn obtain_budget(&mut self, bytes: usize) {
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::new(PollSemaphore::new(self.shared.large_messages.clone())));
        // The semaphore is never closed, and a message is far below 4 GiB.
        self.budget = poll_fn(|cx| waiting.poll_acquire_many(cx, bytes as u32)).await;
        self.waiting = None;
        self.decoder.granted();
    }

    async fn read_some(&mut self) -> io::Result<usize> {
        let (transport, decoder) = (&mut self.transport, &mut self.decoder);
        poll_fn(|cx| {
            // On the stack of one poll: an idle connection owns no read buffer.
            let mut bytes = [MaybeUninit::<u8>::uninit(); READ_BYTES];
            let mut bytes = ReadBuf::uninit(&mut bytes);
            Pin::new(&mut *transport).poll_read(cx, &mut bytes).map_ok(|()| {
                decoder.push(bytes.filled());
                bytes.filled().len()
            })
        })
        .await
    }

    /// Writes and flushes all there is. Any progress is good enough; none for too long is not.
    async fn write_all(&mut self, unwritable_max: Duration) -> Result<(), Ending> {
        if self.encoder.left() == 0 {
            return Ok(());
        }
        while self.encoder.left() > 0 {
            timeout(unwritable_max, self.write_some())
                .await
                .map_err(|_| Ending::TooSlow)?
                .map_err(|_| Ending::Lost)?;
        }
        timeout(unwritable_max, self.transport.flush())
            .await
            .map_err(|_| Ending::TooSlow)?
            .map_err(|_| Ending::Lost)
    }

    async fn write_some(&mut self) -> io::Result<()> {
        let (transport, encoder) = (&mut self.transport, &mut self.encoder);
        let written = poll_fn(|cx| {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = encoder.slices(&mut slices);
            Pin::new(&mut *transport).poll_write_vectored(cx, &slices[..filled])
        })
        .await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        encoder.written(written);
        Ok(())
    }

    async fn say_goodbye(&mut self, ending: Ending) {
        let Some((error, code)) = ending.last_words() else { return };
        if let Some(error) = error {
            self.encoder.binary(closing_frame(self.plane, error));
        }
        self.encoder.close(code);
        let said = timeout(FAREWELL_MAX, async {
            self.write_all(FAREWELL_MAX).await.is_ok() && self.transport.shutdown().await.is_ok()
        });
        if said.await == Ok(true) {
            // Whoever goes on sending is cut off.
            let _ = timeout(ending.linger_max(), self.linger()).await;
        }
    }

    /// Reads on for a while without looking: closing a socket with unread bytes would reset it, and the
    /// peer would lose the frame that tells it why.
    async fn linger(&mut self) {
        let mut left = LINGER_BYTES_MAX;
        self.decoder = Decoder::default();
        while let Ok(count @ 1..) = self.read_some().await {
            self.decoder = Decoder::default();
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    }
}
