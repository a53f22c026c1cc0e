//! `sotto listen`: what happens, while it happens.

mod exec;

use std::time::Duration;

use clap::Args;
use sotto_engine::api::Event;
use sotto_native::{Heard, Notice};
use tokio::time::{Instant, sleep_until};

use self::exec::Exec;
use crate::client::Client;
use crate::failure::{Failure, may_pass};
use crate::record::{About, EventRecord, about};

/// Stay online and print what happens: messages, requests, alarms
///
/// Other sotto commands work on the profile meanwhile. Ends with Ctrl-C, SIGTERM or --timeout.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto listen
  sotto listen --json --timeout 60
  sotto listen --exec 'jq -r .text >> inbox.txt'")]
pub(crate) struct Listen {
    /// End after this long
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,

    /// Run this shell command for each message of others, each request and each alarm, one after the other: the JSON
    /// object on its standard input, SOTTO_EVENT, SOTTO_CONVERSATION, SOTTO_SENDER and SOTTO_MESSAGE in its environment
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// With --json, print inner events too, for tests and the curious
    #[arg(long)]
    all: bool,
}

/// How the time online went so far.
#[derive(Default)]
struct Course {
    was_online: bool,
    trouble: Option<Failure>,
}

impl Listen {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let end = self.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let exec = self.exec.clone().map(Exec::new);
        if !client.offline {
            client.session.go_online().await?;
        }
        let mut course = Course::default();
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            let heard = tokio::select! {
                heard = client.listen() => heard?,
                () = &mut over => return course.verdict(),
            };
            match heard {
                // Somebody ended it.
                None => return Ok(()),
                Some(Heard::Reply(..)) => {}
                Some(Heard::Notice(notice)) => {
                    course.note(&notice)?;
                    self.print(client, &notice)?;
                    if let Some(exec) = &exec {
                        exec.run(&notice, client).await?;
                    }
                }
            }
        }
    }

    fn print(&self, client: &mut Client, notice: &Notice) -> Result<(), Failure> {
        let screen = client.screen;
        let record = EventRecord::from(notice);
        let matters = about(notice) != About::Inner || self.all;
        if screen.is_json() {
            return if matters { screen.data(&record, String::new) } else { Ok(()) };
        }
        match (about(notice), record.text(screen)) {
            (About::News, Some(text)) => screen.raw(&text),
            (About::State, Some(text)) if is_own_message(notice) => screen.raw(&text),
            (About::State, Some(text)) => {
                client.progress(&text);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn is_own_message(notice: &Notice) -> bool {
    matches!(notice.event(), Some(Event::Message { .. }))
}

impl Course {
    /// Takes note; ends listening when what is wrong will not pass.
    fn note(&mut self, notice: &Notice) -> Result<(), Failure> {
        match notice {
            Notice::Connection { trouble, .. } => {
                let failure = Failure::from(trouble.clone());
                if !may_pass(trouble) {
                    return Err(failure);
                }
                self.trouble = Some(failure);
            }
            Notice::Storage { trouble } => self.trouble = Some(trouble.clone().into()),
            Notice::Event { event } => match event.as_ref() {
                Event::Online => (self.was_online, self.trouble) = (true, None),
                Event::ServerRefused { refusal } => return Err(refusal.clone().into()),
                Event::ClockOff { local, server } => self.trouble = Some(Failure::clock_off(*local, *server)),
                _ => {}
            },
            Notice::Missed | Notice::Resumed => {}
        }
        Ok(())
    }

    /// The time is over: that is fine, unless it was never really used.
    fn verdict(self) -> Result<(), Failure> {
        match self.trouble {
            Some(trouble) if !self.was_online => Err(trouble),
            _ => Ok(()),
        }
    }
}
