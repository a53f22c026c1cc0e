//! What a person's program does around the engine: feeds it, carries its outputs out, starts and dies.

use bytes::Bytes;
use sotto_engine::Engine;
use sotto_engine::api::{Command, CommandId, Event, Input, MessageState, Output, Plane, Reply};
use sotto_service::Then;
use sotto_wire::ids::Millis;

use crate::agenda::{Happening, Life};
use crate::computer::Death;
use crate::network::{End, LinkId};
use crate::planted::{Planted, merge_again};
use crate::world::World;

/// How long an attempt to connect may take before it fails.
const CONNECT_MS_MAX: u64 = 20_000;

impl World {
    pub(crate) fn start_person(&mut self, index: usize) {
        if self.people[index].engine.is_some() {
            return;
        }
        match self.open(index) {
            Ok(engine) => self.people[index].engine = Some(engine),
            Err(why) => {
                let (name, death) = (self.name(index), self.people[index].computer.drive.crash());
                if self.people[index].computer.drive.is_troubled() {
                    self.story.fault(format!("{name}'s program does not start, for the disk fails: {why}"));
                } else {
                    self.story.found(format!("{name}'s database does not open: {why}"));
                }
                return self.person_gone(index, death.unwrap_or(Death::Killed));
            }
        }
        let now = self.now;
        let person = &mut self.people[index];
        person.life.0 += 1;
        person.diary.returned(now);
        let id = person.number();
        self.plan(0, Happening::Asks { person: index, id, command: Command::SetOnline { online: true } });
    }

    fn open(&mut self, index: usize) -> Result<Engine, String> {
        let person = &mut self.people[index];
        let connection = person.computer.open().map_err(|error| error.to_string())?;
        if self.bug == Some(Planted::OwnCommitMergedTwice) && merge_again(&connection, &mut person.entropy)? {
            let name = self.name(index);
            self.story.blemish(format!("{name} starts: the planted bug merges a commit again"));
        }
        Engine::open(connection).map_err(|error| error.to_string())
    }

    /// The process is gone and starts again after a while.
    fn person_gone(&mut self, index: usize, death: Death) {
        self.person_dies(index, death);
        let after = self.weather.spread(10, 60_000);
        self.plan(after, Happening::PersonStarts { person: index });
    }

    /// The process is gone: connections break, nothing in memory is left.
    pub(crate) fn person_dies(&mut self, index: usize, death: Death) {
        for link in self.network.living(Some(index)) {
            // A killed process' system says goodbye; one without power says nothing.
            let late = if death == Death::PowerCut { self.weather.between(1_000, 90_000) } else { 50 };
            self.break_link(link, 0, late);
        }
        let person = &mut self.people[index];
        let connection = person.engine.take().map(Engine::into_connection);
        person.computer.close(connection, death);
        person.forget_process();
    }

    pub(crate) fn name(&self, index: usize) -> String {
        let name = &self.people[index].name;
        name.split('.').next().unwrap_or(name).to_owned()
    }

    pub(crate) fn ask(&mut self, index: usize, id: CommandId, command: Command) {
        if self.people[index].engine.is_some() {
            self.feed(index, Input::Command(id, command));
        }
    }

    pub(crate) fn wake(&mut self, index: usize, alarm: u64) {
        if self.people[index].alarm == alarm {
            self.people[index].wake_at = None;
            self.feed(index, Input::Tick);
        }
    }

    pub(crate) fn go_on(&mut self, index: usize, life: Life) {
        if self.people[index].life == life {
            self.feed(index, Input::Continue);
        }
    }

    /// A frame from the server.
    pub(crate) fn hear(&mut self, link: LinkId, frame: Bytes, then: Then) {
        let Some(found) = self.network.links.get(&link).filter(|found| !found.dead) else { return };
        let (index, plane) = (found.person, found.plane);
        if self.people[index].socket(plane).link != Some(link) {
            return;
        }
        self.feed(index, Input::Frame(plane, frame));
        if then == Then::Close {
            self.plan(1, Happening::Notices { link, end: End::Person });
        }
    }

    pub(crate) fn feed(&mut self, index: usize, input: Input) {
        let now = self.people[index].clock(self.now);
        let person = &mut self.people[index];
        let command = if let Input::Command(id, _) = &input { Some(*id) } else { None };
        let Some(engine) = person.engine.as_mut() else { return };
        person.computer.drive.before_input();
        let outcome = engine.handle(now, &mut person.entropy, input);
        if let Some(death) = person.computer.drive.after_input(outcome.is_err()) {
            // Whatever it was about to do: the process is gone in the middle of it.
            let what = if death == Death::PowerCut { "loses power" } else { "is killed" };
            let name = self.name(index);
            self.story.fault(format!("{name} {what} at a write"));
            return self.person_gone(index, death);
        }
        let outputs = match outcome {
            Ok(outputs) => outputs,
            Err(mut error) => {
                person.diary.perhaps.extend(command.and_then(|id| person.diary.saying.remove(&id)));
                let (outputs, name) = (error.outputs(), self.name(index));
                self.story.fault(format!("{name}'s disk fails: {error}"));
                self.oracle.engine_failed(&error);
                outputs
            }
        };
        for output in outputs {
            self.note(index, &output);
            if let Some(output) = self.people[index].note(output) {
                self.carry_out(index, output);
            }
        }
    }

    fn carry_out(&mut self, index: usize, output: Output) {
        match output {
            Output::Connect(plane) => self.connect(index, plane),
            Output::Disconnect(plane) => self.disconnect(index, plane),
            Output::Frame(plane, frame) => {
                // Without a connection, `Closed` is on its way to the engine.
                if let Some(link) = self.people[index].socket(plane).link {
                    self.transmit(link, End::Server, frame, Then::Keep);
                }
            }
            Output::WakeAt(at) => self.plan_wake(index, at),
            Output::Continue => {
                let life = self.people[index].life;
                self.plan(0, Happening::Continues { person: index, life });
            }
            Output::Reply(..) | Output::Event(_) => {}
        }
    }

    pub(crate) fn plan_wake(&mut self, index: usize, at: Millis) {
        let person = &mut self.people[index];
        person.alarm += 1;
        person.wake_at = Some(at);
        let (alarm, when) = (person.alarm, person.world_time(at).max(self.now));
        self.agenda.plan(when, Happening::Wakes { person: index, alarm });
    }

    fn connect(&mut self, index: usize, plane: Plane) {
        self.disconnect(index, plane);
        self.attempts += 1;
        let attempt = self.attempts;
        self.people[index].socket(plane).attempt = Some(attempt);
        let takes = if self.network.reaches(index) && self.server.runs() {
            self.network.latency()
        } else {
            // Refused at once, or no answer at all.
            self.weather.spread(1, CONNECT_MS_MAX)
        };
        self.plan(takes, Happening::Connects { person: index, plane, attempt });
    }

    /// The attempt has come to something.
    pub(crate) fn connected(&mut self, index: usize, plane: Plane, attempt: u64) {
        if self.people[index].socket(plane).attempt != Some(attempt) {
            return;
        }
        self.people[index].socket(plane).attempt = None;
        if !self.network.reaches(index) || !self.server.runs() {
            return self.feed(index, Input::Closed(plane));
        }
        let link = self.network.connect(index, plane);
        self.people[index].socket(plane).link = Some(link);
        let hello = self.server.connected(link, plane, self.now);
        self.deliver(hello.into_iter().collect());
        self.feed(index, Input::Opened(plane));
    }

    /// The shell closes a socket; the server hears of it after a while.
    fn disconnect(&mut self, index: usize, plane: Plane) {
        let socket = self.people[index].socket(plane);
        socket.attempt = None;
        let Some(link) = socket.link.take() else { return };
        let after = self.network.latency();
        let Some(found) = self.network.links.get_mut(&link) else { return };
        found.give_up(End::Person);
        if !found.dead {
            self.plan(after, Happening::Notices { link, end: End::Server });
        }
    }

    /// Tells the story, and keeps the diary.
    fn note(&mut self, index: usize, output: &Output) {
        let now = self.now;
        match output {
            Output::Reply(id, Ok(Reply::Queued { message })) => {
                let number = self.story.message(*message);
                if let Some(said) = self.people[index].diary.taken(*id, *message) {
                    let (name, to) = (self.name(index), self.name(said.to));
                    let bytes = said.text.len();
                    self.story.tell(format!("{name} writes message {number} to {to} ({bytes} bytes)"));
                }
            }
            Output::Reply(id, Err(refusal)) => {
                self.people[index].diary.not_taken(*id);
                let name = self.name(index);
                self.story.tell(format!("{name} is refused: {refusal}"));
            }
            Output::Event(Event::Message { message }) if !message.own => {
                let twice = self.people[index].diary.heard.insert(message.id, now).is_some();
                let (name, number) = (self.name(index), self.story.message(message.id));
                match &message.failure {
                    None => self.story.tell(format!("{name} reads message {number}")),
                    Some(why) => self.story.tell(format!("{name} cannot read message {number}: {why:?}")),
                }
                if twice {
                    self.story.found(format!("message {number} was shown to {name} twice"));
                }
            }
            Output::Event(Event::MessageState { message, state, failure }) => {
                let (name, number) = (self.name(index), self.story.message(*message));
                match (state, failure) {
                    (MessageState::Queued, _) => {}
                    (state, None) => self.story.tell(format!("{name}'s message {number} is {state:?}")),
                    (state, Some(why)) => {
                        self.story.tell(format!("{name}'s message {number} is {state:?}: {why:?}"));
                    }
                }
            }
            Output::Event(Event::Outbox { kind, state, topic, .. }) => {
                self.note_outbox(index, *kind, *state, *topic);
            }
            Output::Event(Event::Alarm { alarm }) => {
                let name = self.name(index);
                self.story.tell(format!("{name} is alarmed: {:?}", alarm.kind));
            }
            Output::Event(Event::Offline { plane, .. }) => {
                let name = self.name(index);
                self.story.tell(format!("{name} loses the {plane:?} plane"));
            }
            Output::Event(Event::Online) => {
                let name = self.name(index);
                self.story.tell(format!("{name} is online"));
            }
            Output::Event(Event::Request { .. }) => {
                let name = self.name(index);
                self.story.tell(format!("{name} finds a request"));
            }
            _ => {}
        }
    }

    fn note_outbox(
        &mut self,
        index: usize,
        kind: sotto_engine::api::OutboxKind,
        state: sotto_engine::api::OutboxState,
        topic: Option<sotto_wire::ids::TopicId>,
    ) {
        use sotto_engine::api::{OutboxKind, OutboxState};
        let (Some(topic), false) = (topic, kind == OutboxKind::Message) else { return };
        if matches!(state, OutboxState::Applied | OutboxState::Staged) {
            let (name, number) = (self.name(index), self.story.topic(topic));
            let what = if kind == OutboxKind::OpenLeg { "opening" } else { "fresh keys" };
            self.story.tell(format!("{name}: {what} on topic {number} is {state:?}"));
            if kind == OutboxKind::SelfUpdate {
                self.keys_change(index, state);
            }
        }
    }
}
