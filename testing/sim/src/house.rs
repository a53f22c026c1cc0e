//! What the server's transport does around the service: batches, frames out, connections that end, starts and deaths.

use bytes::Bytes;
use sotto_engine::api::{Input, Plane};
use sotto_service::{Outgoing, Then};

use crate::agenda::{Happening, Life};
use crate::computer::Death;
use crate::network::{End, LinkId};
use crate::server::Work;
use crate::world::World;

impl World {
    /// A frame goes on its way to one end.
    pub(crate) fn transmit(&mut self, link: LinkId, to: End, frame: Bytes, then: Then) {
        let passage = self.network.pass(link, to, self.now);
        if let Some(blemish) = passage.blemish {
            let towards = if to == End::Server { "to the server" } else { "to" };
            let person = self.network.links.get(&link).map(|link| self.name(link.person));
            let person = person.unwrap_or_default();
            let way = if to == End::Server {
                format!("from {person} {towards}")
            } else {
                format!("{towards} {person}")
            };
            self.story.blemish(format!("a frame {way} is {blemish}"));
        }
        for at in passage.arrivals {
            self.agenda.plan(at, Happening::Arrives { link, end: to, frame: frame.clone(), then });
        }
        if passage.broke {
            let (one, other) = (self.weather.spread(1, 60_000), self.weather.spread(1, 90_000));
            self.story.fault("a connection breaks under a frame");
            self.break_link(link, one, other);
        }
    }

    /// Nothing passes any more; each end learns of it by itself.
    pub(crate) fn break_link(&mut self, link: LinkId, person_ms: u64, server_ms: u64) {
        let Some(found) = self.network.links.get_mut(&link).filter(|found| !found.dead) else { return };
        found.dead = true;
        self.plan(person_ms, Happening::Notices { link, end: End::Person });
        self.plan(server_ms, Happening::Notices { link, end: End::Server });
    }

    /// One end learns that a connection is gone.
    pub(crate) fn notice(&mut self, link: LinkId, end: End) {
        let Some(found) = self.network.links.get_mut(&link) else { return };
        if !found.is_open(end) {
            return self.network.tidy(link);
        }
        found.give_up(end);
        let (index, plane, other_open) = (found.person, found.plane, found.is_open(end.other()));
        if other_open && !found.dead {
            let after = self.network.latency();
            self.plan(after, Happening::Notices { link, end: end.other() });
        }
        match end {
            End::Server => self.server.disconnected(link),
            End::Person if self.people[index].socket(plane).link == Some(link) => {
                self.people[index].socket(plane).link = None;
                self.feed(index, Input::Closed(plane));
            }
            End::Person => {}
        }
        self.network.tidy(link);
    }

    /// A frame reaches the server.
    pub(crate) fn serve(&mut self, link: LinkId, frame: Bytes) {
        let Some(found) = self.network.links.get(&link) else { return };
        if found.dead || !found.is_open(End::Server) || !self.server.runs() {
            return;
        }
        let plane = found.plane;
        self.oracle.request(plane, &frame);
        self.server.receive(link, plane, frame);
        self.call_server();
    }

    fn call_server(&mut self) {
        if !self.server.called && self.server.has_work() {
            self.server.called = true;
            let life = self.server.life;
            let after = if self.dice.one_in(8) { self.dice.below(250) } else { self.dice.below(3) };
            self.plan(after, Happening::ServerWorks { life });
        }
    }

    pub(crate) fn server_works(&mut self, life: Life) {
        if self.server.life != life {
            return;
        }
        self.server.called = false;
        if !self.server.has_work() {
            return;
        }
        let (count, work) = self.server.work(&mut self.dice, self.now);
        if count > 1 {
            self.story.tell(format!("the server handles {count} requests at once"));
        }
        self.finish(work);
        self.call_server();
    }

    pub(crate) fn server_wrote(&mut self, link: LinkId) {
        let open = self.network.links.get(&link).is_some_and(|link| link.is_open(End::Server));
        if open && self.server.runs() {
            let work = self.server.writable(link, self.now);
            self.finish(work);
        }
    }

    fn finish(&mut self, work: Work) {
        match work {
            Work::Frames(frames) => {
                self.look_for_trouble();
                self.deliver(frames);
            }
            Work::Died(death) => self.server_crashed(death),
        }
    }

    pub(crate) fn look_for_trouble(&mut self) {
        match self.server.trouble() {
            Some(Ok(cause)) => self.story.fault(format!("the server's store fails: {cause}")),
            Some(Err(silent)) => self.story.found(silent),
            None => {}
        }
    }

    /// The service's frames go out.
    pub(crate) fn deliver(&mut self, frames: Vec<Outgoing>) {
        for Outgoing { connection: link, frame, then } in frames {
            let Some(found) = self.network.links.get(&link) else { continue };
            let (index, plane) = (found.person, found.plane);
            if plane == Plane::Topic {
                self.oracle.answer(&frame, &mut self.story);
            }
            let frame = match self.meddler.as_mut() {
                Some(meddle) => meddle(&self.people[index].handle, plane, frame),
                None => Some(frame),
            };
            if let Some(frame) = frame {
                self.transmit(link, End::Person, frame, then);
            }
            match then {
                Then::Keep => {}
                Then::Ask => {
                    let after = self.network.latency();
                    self.plan(after, Happening::ServerWrote { link });
                }
                Then::Close => {
                    if let Some(found) = self.network.links.get_mut(&link) {
                        found.give_up(End::Server);
                    }
                    self.server.disconnected(link);
                    // Should the last frame get lost, the person learns of the end nevertheless.
                    self.plan(2_500, Happening::Notices { link, end: End::Person });
                }
            }
        }
    }

    /// Its machine went down while it worked.
    pub(crate) fn server_crashed(&mut self, death: Death) {
        let what = if death == Death::PowerCut { "loses power" } else { "is killed" };
        self.story.fault(format!("the server {what} at a write"));
        self.server_dies(death);
    }

    /// The server's process is gone and starts again after a while.
    pub(crate) fn server_dies(&mut self, death: Death) {
        self.server.die(death);
        for link in self.network.living(None) {
            let late = if death == Death::PowerCut { self.weather.between(100, 75_000) } else { 50 };
            self.break_link(link, late, 0);
        }
        let after = self.weather.spread(50, 120_000);
        self.plan(after, Happening::ServerStarts);
    }

    pub(crate) fn server_starts(&mut self) {
        if self.server.runs() {
            return;
        }
        let Err(why) = self.server.start() else { return self.story.tell("the server starts") };
        if self.server.computer.drive.is_troubled() {
            self.story.fault(format!("the server does not start, for its disk fails: {why}"));
        } else {
            self.story.found(format!("the server's files do not open: {why}"));
        }
        self.server.die(self.server.computer.drive.crash().unwrap_or(Death::Killed));
        let after = self.weather.spread(50, 60_000);
        self.plan(after, Happening::ServerStarts);
    }
}
