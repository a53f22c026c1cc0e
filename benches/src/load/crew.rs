//! The event loop: lanes that send, connections that receive, and how long each message took.

use std::io::ErrorKind;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use anyhow::ensure;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::dialect::{Arrivals, Dialect};
use super::lane::Lane;
use super::link::{Link, READ_BYTES, Read};
use crate::latencies::Latencies;
use crate::process::Usage;

/// How long nothing may arrive while messages are under way. Prosody handles what all connections sent before it answers
/// the first: a thousand messages at a few dozen a second.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// When a message is done.
    pub done_when: DoneWhen,
    /// How messages are sent.
    pub pace: Sending,
    /// Time before measuring begins.
    pub warm_up: Duration,
    /// Time that is measured.
    pub measure: Duration,
}

/// When a message is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneWhen {
    /// The sender has the server's word that it is durable.
    Answered,
    /// The reader has it.
    Delivered,
}

/// How messages are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sending {
    /// Each lane has so many under way: one is done, the next leaves.
    UnderWay(usize),
    /// So many a second over all lanes in turn, whatever is under way.
    PerSecond(f64),
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Messages done.
    pub done: u64,
    /// In this time.
    pub elapsed: Duration,
    /// How long each took.
    pub latencies: Latencies,
    /// Processor time of the server.
    pub server: Duration,
    /// Processor time of this program.
    pub load: Duration,
}

impl Outcome {
    /// Messages a second.
    pub fn per_second(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64()
    }

    /// The server's processor time for one message, in microseconds.
    pub fn server_micros(&self) -> f64 {
        self.server.as_secs_f64() * 1e6 / self.done as f64
    }

    /// This program's processor time for one message, in microseconds.
    pub fn load_micros(&self) -> f64 {
        self.load.as_secs_f64() * 1e6 / self.done as f64
    }
}

/// Connections and the lanes they serve.
pub struct Crew {
    dialect: Dialect,
    poll: Poll,
    /// Each with the lane it belongs to.
    links: Vec<(Link, usize)>,
    lanes: Vec<Lane>,
    /// Messages ever sent.
    number: u64,
    scratch: Vec<u8>,
}

impl Crew {
    /// Takes over connections that are set up. Each belongs to one lane.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new(dialect: Dialect, links: Vec<(Link, usize)>, lanes: Vec<Lane>) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut links = links;
        for (at, (link, lane)) in links.iter_mut().enumerate() {
            ensure!(*lane < lanes.len(), "a connection without a lane");
            link.stop_blocking()?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut SourceFd(&link.as_raw_fd()), Token(at), interest)?;
        }
        Ok(Self { dialect, poll, links, lanes, number: 0, scratch: vec![0; READ_BYTES] })
    }

    /// Sends as planned and measures. `server` says how much processor time the server has used so far.
    ///
    /// # Errors
    /// When a connection ends, something is refused, or a message never arrives.
    pub fn run(
        &mut self,
        plan: &Plan,
        server: &dyn Fn() -> anyhow::Result<Duration>,
    ) -> anyhow::Result<Outcome> {
        let mut run = Run::begin(*plan);
        let mut events = Events::with_capacity(1_024);
        if let Sending::UnderWay(count) = plan.pace {
            for lane in 0..self.lanes.len() {
                (0..count).for_each(|_| self.queue_next(lane, run.now));
                self.flush(self.lanes[lane].sender)?;
            }
        }
        loop {
            run.now = Instant::now();
            run.look_at_the_clock(server)?;
            if run.phase == Phase::Draining && self.lanes.iter().all(|lane| lane.under_way() == 0) {
                return run.finish();
            }
            self.send_due(&mut run)?;
            match self.poll.poll(&mut events, Some(run.wait())) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            run.now = Instant::now();
            for event in &events {
                self.serve(event.token().0, &mut run)?;
            }
        }
    }

    /// Sends what is due when messages are sent by the clock.
    fn send_due(&mut self, run: &mut Run) -> anyhow::Result<()> {
        while let Some(nth) = run.due() {
            let lane = nth % self.lanes.len();
            self.queue_next(lane, run.now);
            self.flush(self.lanes[lane].sender)?;
        }
        Ok(())
    }

    fn queue_next(&mut self, lane: usize, now: Instant) {
        self.number += 1;
        let lane = &mut self.lanes[lane];
        let sender = lane.sender;
        let letter = lane.next_letter(self.number, now);
        self.links[sender].0.queue(letter);
    }

    fn flush(&mut self, link: usize) -> anyhow::Result<()> {
        Ok(self.links[link].0.flush()?)
    }

    fn serve(&mut self, at: usize, run: &mut Run) -> anyhow::Result<()> {
        let lane = self.links[at].1;
        loop {
            let (link, _) = &mut self.links[at];
            let read = link.receive(&mut self.scratch)?;
            let arrivals = self.dialect.take(link)?;
            self.answer(at, lane, arrivals, run);
            if read != Read::All {
                break;
            }
        }
        self.flush(at)?;
        let sender = self.lanes[lane].sender;
        if sender == at { Ok(()) } else { self.flush(sender) }
    }

    /// Queues what follows from what arrived.
    fn answer(&mut self, at: usize, lane: usize, arrivals: Arrivals, run: &mut Run) {
        if let Some(ack) = self.lanes[lane].ack(at, arrivals.newest, arrivals.acks) {
            self.links[at].0.queue(&ack);
        }
        let done = match run.plan.done_when {
            DoneWhen::Answered => arrivals.answers,
            // The sender may follow its own topic too.
            DoneWhen::Delivered if at == self.lanes[lane].sender => 0,
            DoneWhen::Delivered => arrivals.messages,
        };
        for _ in 0..done {
            let Some(left) = self.lanes[lane].done() else { continue };
            run.done(left);
            if run.sends_when_done() {
                self.queue_next(lane, run.now);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmingUp,
    Measuring,
    Draining,
}

/// The clock and the counters of one run.
struct Run {
    plan: Plan,
    phase: Phase,
    now: Instant,
    begun: Instant,
    measured_from: Instant,
    measured_to: Instant,
    /// Processor time at the beginning, then what was used.
    server: Duration,
    load: Duration,
    by_clock: usize,
    last_done: Instant,
    done: u64,
    latencies: Latencies,
}

impl Run {
    fn begin(plan: Plan) -> Self {
        let now = Instant::now();
        Self {
            plan,
            phase: Phase::WarmingUp,
            now,
            begun: now,
            measured_from: now,
            measured_to: now,
            server: Duration::ZERO,
            load: Duration::ZERO,
            by_clock: 0,
            last_done: now,
            done: 0,
            latencies: Latencies::default(),
        }
    }

    fn look_at_the_clock(&mut self, server: &dyn Fn() -> anyhow::Result<Duration>) -> anyhow::Result<()> {
        match self.phase {
            Phase::WarmingUp if self.now >= self.begun + self.plan.warm_up => {
                self.phase = Phase::Measuring;
                (self.server, self.load) = (server()?, Usage::of_this_program()?.processor);
                self.measured_from = Instant::now();
            }
            Phase::Measuring if self.now >= self.measured_from + self.plan.measure => {
                self.phase = Phase::Draining;
                self.measured_to = self.now;
                self.server = server()?.saturating_sub(self.server);
                self.load = Usage::of_this_program()?.processor.saturating_sub(self.load);
            }
            _ => {}
        }
        ensure!(self.now < self.last_done + SILENCE_MAX, "nothing arrived for {SILENCE_MAX:?}");
        Ok(())
    }

    /// The number of the next message that is due by the clock.
    fn due(&mut self) -> Option<usize> {
        let Sending::PerSecond(_) = self.plan.pace else { return None };
        if self.phase == Phase::Draining || self.now < self.due_at() {
            return None;
        }
        self.by_clock += 1;
        Some(self.by_clock)
    }

    fn due_at(&self) -> Instant {
        match self.plan.pace {
            Sending::PerSecond(rate) => self.begun + Duration::from_secs_f64(self.by_clock as f64 / rate),
            Sending::UnderWay(_) => self.now + SILENCE_MAX,
        }
    }

    /// How long nothing happens unless something arrives.
    fn wait(&self) -> Duration {
        let next = match self.phase {
            Phase::WarmingUp => self.begun + self.plan.warm_up,
            Phase::Measuring => self.measured_from + self.plan.measure,
            Phase::Draining => return SILENCE_MAX,
        };
        next.min(self.due_at()).saturating_duration_since(self.now)
    }

    fn sends_when_done(&self) -> bool {
        self.phase != Phase::Draining && matches!(self.plan.pace, Sending::UnderWay(_))
    }

    fn done(&mut self, left: Instant) {
        self.last_done = self.now;
        if self.phase == Phase::Measuring {
            self.done += 1;
            self.latencies.record(self.now.saturating_duration_since(left));
        }
    }

    fn finish(self) -> anyhow::Result<Outcome> {
        ensure!(self.done > 0, "nothing was done in the time measured");
        Ok(Outcome {
            done: self.done,
            elapsed: self.measured_to.saturating_duration_since(self.measured_from),
            latencies: self.latencies,
            server: self.server,
            load: self.load,
        })
    }
}
