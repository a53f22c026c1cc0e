//! Connections: opening, greeting, losing, and when to try again.

use bytes::Bytes;
use sotto_wire::account::AccountFrame;
use sotto_wire::frames::{Hello, Incompatible};
use sotto_wire::ids::Millis;
use sotto_wire::topic::TopicFrame;

use crate::api::{AlarmKind, Event, Output, Plane, Refusal};
use crate::engine::Work;
use crate::error::Step;
use crate::limits::{ANSWER_MS_MAX, CLOCK_MINUTES_MAX};
use crate::net::Link;
use crate::store::account::AccountState;

impl Work<'_> {
    /// Asks for the connections that are due.
    pub(crate) fn connect(&mut self) {
        let wanted = self.account.as_ref().is_some_and(|account| account.state != AccountState::Prepared);
        if !self.net.online || self.net.refused || !wanted {
            return;
        }
        let now = self.now;
        let due = |retry: Option<Millis>| retry.is_none_or(|at| at <= now);
        if matches!(self.net.account.link, Link::Down) && due(self.net.account.retry_at) {
            self.net.account.link = Link::Connecting;
            self.out.push(Output::Connect(Plane::Account));
        }
        if matches!(self.net.topic.link, Link::Down) && due(self.net.topic.retry_at) {
            self.net.topic.link = Link::Connecting;
            self.out.push(Output::Connect(Plane::Topic));
        }
    }

    pub(crate) fn opened(&mut self, plane: Plane) -> Step<()> {
        match plane {
            Plane::Account => self.net.account.opened(self.now),
            Plane::Topic => self.net.topic.opened(self.now),
        }
        Ok(())
    }

    pub(crate) fn closed(&mut self, plane: Plane) -> Step<()> {
        let jitter = self.random_below(256) as u8;
        self.net.forget(plane);
        self.net.was_online = false;
        if plane == Plane::Account && self.account.is_some() {
            // Registered, if not reachable yet: that mends itself with the next connection.
            self.answer_registration()?;
        }
        let retry_at = match plane {
            Plane::Account => {
                self.net.account.lost(self.now, jitter);
                self.net.account.retry_at
            }
            Plane::Topic => {
                self.net.topic.lost(self.now, jitter);
                self.net.topic.retry_at
            }
        };
        let retry_at = retry_at.filter(|_| self.net.online && !self.net.refused);
        self.event(Event::Offline { plane, retry_at });
        Ok(())
    }

    /// Gives a connection up from this side and tries again later.
    pub(crate) fn hang_up(&mut self, plane: Plane) -> Step<()> {
        self.out.push(Output::Disconnect(plane));
        self.closed(plane)
    }

    pub(crate) fn tick(&mut self) -> Step<()> {
        self.net.wake_at = None;
        let late = |since: Option<Millis>| since.is_some_and(|at| self.now.0 >= at.0 + ANSWER_MS_MAX);
        let (account, topic) = (late(self.net.account.owed_since()), late(self.net.topic.owed_since()));
        if account {
            self.hang_up(Plane::Account)?;
        }
        if topic {
            self.hang_up(Plane::Topic)?;
        }
        Ok(())
    }

    pub(crate) fn frame(&mut self, plane: Plane, frame: &Bytes) -> Step<()> {
        let link = match plane {
            Plane::Account => &self.net.account.link,
            Plane::Topic => &self.net.topic.link,
        };
        // A late frame of a connection that was let go.
        if !matches!(link, Link::Open | Link::Greeted(_)) {
            return Ok(());
        }
        match plane {
            Plane::Account => match AccountFrame::parse(frame) {
                Ok(frame) => self.account_frame(frame),
                Err(_) => self.hang_up(plane),
            },
            Plane::Topic => match TopicFrame::parse(frame) {
                Ok(frame) => self.topic_frame(frame),
                Err(_) => self.hang_up(plane),
            },
        }
    }

    /// The server said Hello: is it the one we know, does it speak our protocol, do the clocks agree?
    pub(crate) fn greeted(&mut self, plane: Plane, hello: Hello) -> Step<()> {
        let Some(account) = self.account.as_mut() else { return self.hang_up(plane) };
        match account.log_key {
            None => {
                account.log_key = Some(hello.log_key);
                self.db.set_log_key(hello.log_key)?;
            }
            Some(known) if known != hello.log_key => {
                let evidence = [known.to_vec(), hello.log_key.to_vec()].concat();
                self.alarm(AlarmKind::ServerKeyChanged, None, &evidence)?;
                return self.refuse(Refusal::ServerChanged);
            }
            Some(_) => {}
        }
        let (local, server) = (self.now.minute(), hello.minute);
        if local.0.abs_diff(server.0) > CLOCK_MINUTES_MAX && !self.net.clock_warned {
            self.net.clock_warned = true;
            self.event(Event::ClockOff { local, server });
        }
        match plane {
            Plane::Account => {
                self.net.account.greet(hello, self.now);
                self.sign_in()
            }
            Plane::Topic => {
                self.net.topic.greet(hello, self.now);
                self.follow_all()
            }
        }
    }

    pub(crate) fn incompatible(&mut self, incompatible: Incompatible) -> Step<()> {
        self.refuse(match incompatible {
            Incompatible::ServerNewer { .. } => Refusal::ServerTooNew,
            Incompatible::ServerOlder { .. } => Refusal::ServerTooOld,
        })
    }

    // No connection helps until a person has done something about it.
    fn refuse(&mut self, refusal: Refusal) -> Step<()> {
        self.net.refused = true;
        for plane in [Plane::Account, Plane::Topic] {
            self.out.push(Output::Disconnect(plane));
            self.net.forget(plane);
        }
        self.net.account.dropped();
        self.net.topic.dropped();
        let start_overs = std::mem::take(&mut self.net.start_overs).into_iter().map(|(command, _)| command);
        let waiting = self.net.registering.take().into_iter().chain(std::mem::take(&mut self.net.syncs));
        for command in waiting.chain(start_overs).collect::<Vec<_>>() {
            self.reply(command, Err(refusal.clone()));
        }
        self.event(Event::ServerRefused { refusal });
        Ok(())
    }

    /// How far the clocks are apart, if too far for what depends on time.
    pub(crate) fn clock_off(&self) -> Option<Refusal> {
        let (hello, at) = self.net.account.greeting().or(self.net.topic.greeting())?;
        let (local, server) = (at.minute(), hello.minute);
        (local.0.abs_diff(server.0) > CLOCK_MINUTES_MAX).then_some(Refusal::ClockOff { local, server })
    }

    /// When something is due without anything arriving.
    pub(crate) fn wake_time(&self) -> Step<Option<Millis>> {
        let answer = |since: Option<Millis>| since.map(|at| Millis(at.0 + ANSWER_MS_MAX));
        let mut times = vec![answer(self.net.account.owed_since()), answer(self.net.topic.owed_since())];
        if self.net.online && !self.net.refused {
            if matches!(self.net.account.link, Link::Down) {
                times.push(self.net.account.retry_at);
            }
            if matches!(self.net.topic.link, Link::Down) {
                times.push(self.net.topic.retry_at);
            }
            times.extend(self.net.follow_later.values().copied().map(Some));
            times.push(self.db.next_item_time(self.now)?);
            times.push(self.db.next_update_time()?);
        }
        Ok(times.into_iter().flatten().filter(|at| *at > self.now).min())
    }
}
