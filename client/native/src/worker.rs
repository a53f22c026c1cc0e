//! The thread that owns the engine: one job at a time in, outputs carried out in order.
//!
//! SQLite waits for the disk, so the engine lives on a thread of its own and the sockets do not wait with it. All
//! users of the profile, in this process and others, hang on it as clients, each with one ordered queue back.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use rand_core::OsRng;
use sotto_engine::api::{Command, CommandId, Event, Input, Output, Plane};
use sotto_wire::ids::Millis;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use crate::clock::Clock;
use crate::database::StorageTrouble;
use crate::exchange::{Answer, Failed, Notice, Numbered, Outward, Request};
use crate::limits::{CLOCK_LOOK_TIME, JOBS_MAX, NOTICES_WAITING_MAX, REQUESTS_IN_FLIGHT_MAX};
use crate::machine::Machine;
use crate::network::Network;
use crate::plane::{Generation, PlaneLink, PlaneNews, Route, Silence};
use crate::profile::ProfileLock;

/// A user of the profile: this process's session, or a connection on its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId(pub(crate) u64);

/// Something for the thread to do.
pub(crate) enum Job {
    /// A new user; everything it is to hear goes into this queue.
    Attach(ClientId, mpsc::Sender<Outward>),
    /// The user is gone.
    Detach(ClientId),
    /// A user wants something.
    Ask(ClientId, Numbered),
    /// News from a connection.
    Plane(Plane, Generation, PlaneNews),
    /// The time asked for has come.
    Wake,
    /// A connection's backlog is gone.
    Drained,
    /// Close connections and database, and end.
    Stop,
}

/// Room in a client's queue: notices leave some of it to answers, which must not get lost.
pub(crate) const CLIENT_QUEUE: usize = NOTICES_WAITING_MAX + REQUESTS_IN_FLIGHT_MAX;

struct Client {
    queue: mpsc::Sender<Outward>,
    missed: bool,
}

struct Worker {
    machine: Box<dyn Machine>,
    clock: Clock,
    network: Arc<Network>,
    runtime: Handle,
    jobs: mpsc::Sender<Job>,
    planes: BTreeMap<PlaneKey, PlaneLink>,
    farewells: Vec<JoinHandle<()>>,
    last_generation: u64,
    clients: BTreeMap<ClientId, Client>,
    under_way: HashMap<CommandId, (ClientId, u64)>,
    last_command: u64,
    continues: usize,
    wake: Option<AbortHandle>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PlaneKey(u8);

impl From<Plane> for PlaneKey {
    fn from(plane: Plane) -> Self {
        Self(match plane {
            Plane::Account => 0,
            Plane::Topic => 1,
        })
    }
}

/// What the worker needs from around it.
pub(crate) struct Surroundings {
    pub(crate) clock: Clock,
    pub(crate) network: Arc<Network>,
    pub(crate) runtime: Handle,
}

/// A running worker.
pub(crate) struct WorkerHandle {
    pub(crate) jobs: mpsc::Sender<Job>,
    thread: std::thread::JoinHandle<Vec<JoinHandle<()>>>,
}

impl WorkerHandle {
    /// Ends the thread: when this returns, the database is closed. Returns connections that still say farewell.
    pub(crate) async fn stop(self) -> Vec<JoinHandle<()>> {
        let _ = self.jobs.send(Job::Stop).await;
        let thread = self.thread;
        tokio::task::spawn_blocking(move || thread.join().unwrap_or_default()).await.unwrap_or_default()
    }
}

/// Starts the thread. `lock` is let go once the database is closed.
pub(crate) fn start(
    machine: Box<dyn Machine>,
    lock: ProfileLock,
    around: Surroundings,
) -> std::io::Result<WorkerHandle> {
    let (jobs, queue) = mpsc::channel(JOBS_MAX);
    let Surroundings { clock, network, runtime } = around;
    let worker = Worker {
        machine,
        clock,
        network,
        runtime,
        jobs: jobs.clone(),
        planes: BTreeMap::new(),
        farewells: Vec::new(),
        last_generation: 0,
        clients: BTreeMap::new(),
        under_way: HashMap::new(),
        last_command: 0,
        continues: 0,
        wake: None,
    };
    let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
        let farewells = worker.run(queue);
        drop(lock);
        farewells
    })?;
    Ok(WorkerHandle { jobs, thread })
}

impl Worker {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Vec<JoinHandle<()>> {
        while let Some(job) = self.next_job(&mut queue) {
            if self.work(job).is_break() {
                break;
            }
        }
        self.end(queue)
    }

    /// The next job. Owed continuations take turns with jobs, so that neither starves.
    fn next_job(&mut self, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
        while self.continues > 0 && !self.planes.values().any(PlaneLink::is_backlogged) {
            self.continues -= 1;
            self.feed(Input::Continue);
            match queue.try_recv() {
                Ok(job) => return Some(job),
                Err(mpsc::error::TryRecvError::Empty) => {}
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
            }
        }
        queue.blocking_recv()
    }

    fn work(&mut self, job: Job) -> ControlFlow<()> {
        match job {
            Job::Attach(client, queue) => drop(self.clients.insert(client, Client { queue, missed: false })),
            Job::Detach(client) => drop(self.clients.remove(&client)),
            Job::Ask(client, asked) => self.ask(client, asked),
            Job::Plane(plane, generation, news) => self.hear(plane, generation, news),
            Job::Wake => self.feed(Input::Tick),
            Job::Drained => {}
            Job::Stop => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn ask(&mut self, client: ClientId, Numbered { id, request }: Numbered) {
        match request {
            Request::Question(question) => {
                let result = self.machine.answer(&question).map_err(Failed::Storage);
                self.answer(client, id, result);
            }
            Request::Command(command) => {
                let command_id = self.next_command();
                self.under_way.insert(command_id, (client, id));
                self.feed(Input::Command(command_id, command));
            }
        }
    }

    fn next_command(&mut self) -> CommandId {
        self.last_command += 1;
        CommandId(self.last_command)
    }

    fn hear(&mut self, plane: Plane, generation: Generation, news: PlaneNews) {
        if self.planes.get(&plane.into()).is_none_or(|link| link.generation != generation) {
            return;
        }
        match news {
            PlaneNews::Opened => self.feed(Input::Opened(plane)),
            PlaneNews::Frame(frame) => self.feed(Input::Frame(plane, frame)),
            PlaneNews::Closed(trouble) => {
                self.planes.remove(&plane.into());
                self.tell(&Notice::Connection { plane, trouble });
                self.feed(Input::Closed(plane));
            }
        }
    }

    fn feed(&mut self, input: Input) {
        let handled = self.machine.handle(self.clock.now(), &mut OsRng, input);
        for output in handled.outputs {
            self.carry_out(output);
        }
        if let Some(trouble) = handled.trouble {
            self.fail(trouble);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect(plane) => self.connect(plane),
            Output::Disconnect(plane) => drop(self.planes.remove(&plane.into())),
            Output::Frame(plane, frame) => {
                // Without a connection, `Closed` is on its way to the engine.
                if let Some(link) = self.planes.get(&plane.into()) {
                    link.send(frame);
                }
            }
            Output::WakeAt(at) => self.wake_at(at),
            Output::Continue => self.continues += 1,
            Output::Reply(command, result) => {
                if let Some((client, id)) = self.under_way.remove(&command) {
                    self.answer(client, id, result.map(Answer::Reply).map_err(Failed::Refused));
                }
            }
            Output::Event(event) => self.tell(&Notice::Event { event: Box::new(event) }),
        }
    }

    fn connect(&mut self, plane: Plane) {
        self.last_generation += 1;
        let generation = Generation(self.last_generation);
        let route = Route {
            network: self.network.clone(),
            // Without an account there is no server; the empty address answers `Closed` like any other bad one.
            server: self.machine.server().unwrap_or_default(),
            plane,
            generation,
            jobs: self.jobs.clone(),
            silence: Silence::default(),
        };
        let (link, task) = route.start(&self.runtime);
        self.planes.insert(plane.into(), link);
        self.farewells.retain(|task| !task.is_finished());
        self.farewells.push(task);
    }

    fn wake_at(&mut self, at: Millis) {
        let (clock, jobs) = (self.clock, self.jobs.clone());
        let task = self.runtime.spawn(async move {
            // Looked at again and again: the wall clock may jump, and a sleeping machine's timer stands still.
            while clock.now() < at {
                let left = std::time::Duration::from_millis(at.0.saturating_sub(clock.now().0));
                tokio::time::sleep(left.min(CLOCK_LOOK_TIME)).await;
            }
            let _ = jobs.send(Job::Wake).await;
        });
        if let Some(earlier) = self.wake.replace(task.abort_handle()) {
            earlier.abort();
        }
    }

    /// The disk failed: whoever waits is told now, not left waiting.
    fn fail(&mut self, trouble: StorageTrouble) {
        for (client, id) in std::mem::take(&mut self.under_way).into_values() {
            self.answer(client, id, Err(Failed::Storage(trouble.clone())));
        }
        self.tell(&Notice::Storage { trouble });
    }

    fn answer(&mut self, client: ClientId, id: u64, result: Result<Answer, Failed>) {
        if let Some(client) = self.clients.get(&client) {
            // There is room: notices leave it free, and no client has more requests under way than that.
            let _ = client.queue.try_send(Outward::Answer { id, result });
        }
    }

    fn tell(&mut self, notice: &Notice) {
        for client in self.clients.values_mut() {
            client.tell(notice);
        }
    }

    /// Lets go of everything; the database closes when the machine is dropped.
    fn end(mut self, mut queue: mpsc::Receiver<Job>) -> Vec<JoinHandle<()>> {
        let command = self.next_command();
        self.feed(Input::Command(command, Command::SetOnline { online: false }));
        self.planes.clear();
        if let Some(wake) = self.wake.take() {
            wake.abort();
        }
        queue.close();
        while let Ok(job) = queue.try_recv() {
            if let Job::Ask(client, Numbered { id, .. }) = job {
                self.answer(client, id, Err(Failed::NotStarted));
            }
        }
        self.farewells
    }
}

impl Client {
    fn tell(&mut self, notice: &Notice) {
        if self.missed && self.has_room() {
            self.missed = self.queue.try_send(Outward::Notice(Notice::Missed)).is_err();
        }
        if !self.missed && self.has_room() {
            self.missed = self.queue.try_send(Outward::Notice(notice.clone())).is_err();
        } else {
            self.missed = true;
        }
    }

    fn has_room(&self) -> bool {
        self.queue.capacity() > REQUESTS_IN_FLIGHT_MAX
    }
}

impl Notice {
    /// A notice that wraps an event of the engine.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event { event } => Some(event),
            _ => None,
        }
    }
}
