//! What commands share: a session on the profile, patience with the server, alarms that turn up on the way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sotto_engine::api::{AccountView, Alarm, Command, Event, Reply};
use sotto_native::{
    Asker, Check, Clock, Heard, Missing, Network, Notice, Options, Profile, Protection, Session,
    SessionError, Ticket,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep_until;

use crate::cli::Global;
use crate::failure::{Code, Failure, may_pass};
use crate::patience::Patience;
use crate::person::Person;
use crate::record::AlarmRecord;
use crate::screen::Screen;

/// A command's hold on its profile.
pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) screen: Screen,
    pub(crate) offline: bool,
    wait: Duration,
    stop: Stop,
    alarms: Vec<Alarm>,
    /// What went wrong on the way although the command went on: it then ends with exit code 1.
    shortcoming: bool,
    received: u64,
    clock_off: Option<Failure>,
    last_progress: String,
}

/// How a command ended, after everything was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    Failed,
    Usage,
    Alarm,
}

/// Ctrl-C or a polite request to end.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(crate) async fn wanted(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The profile that the flags name.
pub(crate) fn profile(global: &Global) -> Result<Profile, Failure> {
    let named: Option<PathBuf> = global.profile.clone().or_else(Profile::default_dir);
    named.map(Profile::at).ok_or_else(|| {
        Failure::usage(
            Code::NoHome,
            "This account has no home folder to keep a profile in.",
            "Name a folder: --profile DIR",
        )
    })
}

/// How the flags want connections made.
pub(crate) fn network(global: &Global) -> Result<Network, Failure> {
    let mut network = Network::direct();
    if let Some(proxy) = &global.proxy {
        network = network.through(proxy.clone());
    }
    if let Some(file) = &global.ca {
        network = network.trusting(file).map_err(|error| {
            Failure::usage(
                Code::Ca,
                format!("The certificate file is of no use: {error}."),
                "Check --ca FILE.",
            )
        })?;
    }
    Ok(network)
}

/// What opening a profile depends on besides the flags.
pub(crate) struct Opening {
    pub(crate) missing: Missing,
    pub(crate) check: Check,
}

impl Opening {
    /// For every command but the one that makes the profile.
    pub(crate) const EXISTING: Self = Self { missing: Missing::Refuse, check: Check::Pages };
}

impl Client {
    pub(crate) async fn open(global: &Global, screen: Screen, opening: Opening) -> Result<Self, Failure> {
        let wait = Duration::from_secs(global.wait);
        let options = Options {
            network: Arc::new(network(global)?),
            clock: Clock::with_offset_s(global.clock_offset),
            missing: opening.missing,
            protection: if global.insecure_key_file {
                Protection::InsecureFile
            } else {
                Protection::Protected
            },
            check: opening.check,
            patience: wait,
        };
        let asker: Arc<dyn Asker> = Arc::new(Person::new(screen));
        let session = Session::open(profile(global)?, options, asker).await?;
        Ok(Self {
            session,
            screen,
            offline: global.offline,
            wait,
            stop: Stop::new()?,
            alarms: Vec::new(),
            shortcoming: false,
            received: 0,
            clock_off: None,
            last_progress: String::new(),
        })
    }

    /// Ends the command: says what is left to say and lets go of the profile.
    pub(crate) async fn finish(mut self, result: Result<(), Failure>) -> Ending {
        let screen = self.screen;
        // Alarms that came before the last answer and were not taken note of yet.
        while let Ok(Ok(heard)) = tokio::time::timeout(Duration::ZERO, self.session.next()).await {
            self.collect(&heard);
        }
        self.session.close().await;
        let mut ending = ending_of(screen, result);
        if ending == Ending::Done && self.shortcoming {
            ending = Ending::Failed;
        }
        for alarm in &self.alarms {
            screen.note(&AlarmRecord::from(alarm).text(screen));
            ending = Ending::Alarm;
        }
        ending
    }

    /// This profile's account.
    pub(crate) async fn account(&mut self) -> Result<AccountView, Failure> {
        match self.session.account().await? {
            Some(account) if account.registered => Ok(account),
            Some(_) => Err(Failure::registration_unfinished()),
            None => Err(Failure::no_account()),
        }
    }

    pub(crate) fn patience(&self) -> Patience {
        Patience::new(self.wait)
    }

    /// Waits for the next thing that happens, as long as patience lasts and nobody stops it.
    pub(crate) async fn next(&mut self, patience: &mut Patience) -> Result<Heard, Failure> {
        let heard = tokio::select! {
            heard = self.session.next() => heard?,
            () = sleep_until(patience.deadline()) => return Err(patience.verdict()),
            () = self.stop.wanted() => return Err(Failure::stopped()),
        };
        self.collect(&heard);
        if let Heard::Notice(notice) = &heard {
            self.weigh(notice, patience)?;
        }
        Ok(heard)
    }

    /// The next thing that happens, without patience; `None` when somebody stops it.
    pub(crate) async fn listen(&mut self) -> Result<Option<Heard>, SessionError> {
        let heard = tokio::select! {
            heard = self.session.next() => heard?,
            () = self.stop.wanted() => return Ok(None),
        };
        self.collect(&heard);
        Ok(Some(heard))
    }

    /// Waits until somebody stops the program.
    pub(crate) async fn stopped(&mut self) {
        self.stop.wanted().await;
    }

    fn collect(&mut self, heard: &Heard) {
        let Heard::Notice(notice) = heard else { return };
        match notice.event() {
            Some(Event::Alarm { alarm }) => self.alarms.push(alarm.clone()),
            Some(Event::Message { message }) if !message.own => self.received += 1,
            Some(Event::ClockOff { local, server }) => {
                self.clock_off = Some(Failure::clock_off(*local, *server))
            }
            _ => {}
        }
    }

    /// What a notice means for somebody who waits.
    fn weigh(&mut self, notice: &Notice, patience: &mut Patience) -> Result<(), Failure> {
        match notice {
            Notice::Connection { trouble, .. } => {
                let failure = Failure::from(trouble.clone());
                if !may_pass(trouble) {
                    return Err(failure);
                }
                self.progress(&format!("{trouble}; trying again"));
                patience.blame(failure);
            }
            Notice::Storage { trouble } => return Err(trouble.clone().into()),
            Notice::Missed | Notice::Resumed => patience.renew(),
            Notice::Event { event } => match event.as_ref() {
                Event::ServerRefused { refusal } => return Err(refusal.clone().into()),
                Event::ClockOff { local, server } => {
                    patience.blame_for_good(Failure::clock_off(*local, *server))
                }
                Event::Offline { .. } => {}
                _ => patience.renew(),
            },
        }
        Ok(())
    }

    /// Says what is going on, once.
    pub(crate) fn progress(&mut self, text: &str) {
        if self.last_progress != text {
            self.screen.progress(text);
            text.clone_into(&mut self.last_progress);
        }
    }

    /// Waits for a command's reply.
    pub(crate) async fn reply(&mut self, ticket: Ticket) -> Result<Reply, Failure> {
        let mut patience = self.patience();
        loop {
            if let Heard::Reply(answered, result) = self.next(&mut patience).await?
                && answered == ticket
            {
                return Ok(result?);
            }
        }
    }

    /// Gives a command and waits for its reply.
    pub(crate) async fn done(&mut self, command: Command) -> Result<Reply, Failure> {
        let ticket = self.session.begin(command).await;
        self.reply(ticket).await
    }

    /// Fetches what is new and sends what waits; returns how many messages still wait.
    pub(crate) async fn sync(&mut self) -> Result<u64, Failure> {
        self.session.go_online().await?;
        let reply = self.done(Command::Sync).await?;
        // Answered all the same: what depends on time waits.
        if let Some(failure) = self.clock_off.take() {
            return Err(failure);
        }
        match reply {
            Reply::Synced { waiting } => Ok(waiting),
            _ => Ok(0),
        }
    }

    /// Syncs, unless told not to; what goes wrong is said, and the command goes on with what is here.
    pub(crate) async fn sync_if_possible(&mut self) -> Result<(), Failure> {
        if self.offline {
            return Ok(());
        }
        match self.sync().await {
            Ok(_) => Ok(()),
            Err(failure) if failure == Failure::stopped() => Err(failure),
            Err(failure) => {
                let consequence = "What is queued stays queued; this goes on with what is here (--offline says that \
                                   this is meant).";
                self.screen.failure(&failure.and(consequence));
                self.shortcoming = true;
                Ok(())
            }
        }
    }

    /// Messages of others that came while this command ran.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }
}

/// Says what went wrong, if anything.
pub(crate) fn ending_of(screen: Screen, result: Result<(), Failure>) -> Ending {
    use crate::failure::Exit;
    match result {
        Ok(()) => Ending::Done,
        Err(Failure { exit: Exit::Quiet, .. }) => Ending::Done,
        Err(failure) => {
            screen.failure(&failure);
            if failure.exit == Exit::Usage { Ending::Usage } else { Ending::Failed }
        }
    }
}
