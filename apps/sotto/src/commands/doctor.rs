//! `sotto doctor`: is everything in order, and if not, what to do.

use clap::Args;
use sotto_engine::api::Event;
use sotto_native::{Check, Clock, Heard, KeyStorage, Missing, Notice, Role, is_private, storage};

use crate::cli::Global;
use crate::client::{Client, Ending, Opening, ending_of, profile};
use crate::failure::{Code, Failure};
use crate::record::Outcome;
use crate::screen::{Screen, Style};

/// Check the profile, its key and database, the server and the clock, and say what to do
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto doctor
  sotto doctor --set-aside")]
pub(crate) struct Doctor {
    /// Move a damaged profile's files aside, so that this device can be set up again; deletes nothing
    #[arg(long)]
    set_aside: bool,
}

/// What was found about one thing.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
    way_out: Option<String>,
}

impl Finding {
    fn good(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, detail: detail.into(), way_out: None }
    }

    fn bad(check: &'static str, failure: Failure) -> Self {
        Self { check, ok: false, detail: failure.what, way_out: failure.way_out }
    }

    fn show(&self, screen: Screen) -> Result<bool, Failure> {
        let record = Outcome::Check {
            check: self.check,
            ok: self.ok,
            detail: &self.detail,
            way_out: self.way_out.as_deref(),
        };
        screen.data(&record, || {
            let mark = if self.ok { "ok     ".to_owned() } else { screen.paint(Style::Warning, "PROBLEM") };
            let way_out =
                self.way_out.as_ref().map_or_else(String::new, |way_out| format!("\n        {way_out}"));
            format!("{mark} {}: {}{way_out}", self.check, self.detail)
        })?;
        Ok(self.ok)
    }
}

impl Doctor {
    pub(crate) async fn run(self, global: &Global, screen: Screen) -> Ending {
        if self.set_aside {
            return ending_of(screen, set_aside(global, screen));
        }
        match files(global, screen) {
            Err(failure) => ending_of(screen, Err(failure)),
            Ok(files_are_good) => {
                let opening = Opening { missing: Missing::Refuse, check: Check::Everything };
                match Client::open(global, screen, opening).await {
                    Err(failure) => {
                        let shown = Finding::bad("database", failure).show(screen);
                        ending_of(screen, shown.map(drop)).max_failed()
                    }
                    Ok(mut client) => {
                        let result = examine(&mut client).await;
                        let all_good = *result.as_ref().unwrap_or(&true) && files_are_good;
                        let ending = client.finish(result.map(drop)).await;
                        if all_good { ending } else { ending.max_failed() }
                    }
                }
            }
        }
    }
}

impl Ending {
    /// At least "failed": the findings have said why.
    fn max_failed(self) -> Self {
        if self == Self::Done { Self::Failed } else { self }
    }
}

/// Folder and key, without opening anything.
fn files(global: &Global, screen: Screen) -> Result<bool, Failure> {
    let profile = profile(global)?;
    if !profile.exists() {
        return Err(Failure::no_account());
    }
    let key = match storage(&profile) {
        Err(error) => Finding::bad("key", error.into()),
        Ok(None) => Finding::bad("key", sotto_native::KeyError::Missing.into()),
        Ok(Some(KeyStorage::Keyring)) => Finding::good("key", "in the operating system's keyring"),
        Ok(Some(KeyStorage::Passphrase)) => Finding::good("key", "protected by a passphrase"),
        Ok(Some(KeyStorage::InsecureFile)) => Finding::good(
            "key",
            "readable in the profile's folder (--insecure-key-file); `sotto passphrase` protects it",
        ),
    };
    let folder = match is_private(&profile) {
        Ok(true) => Finding::good("folder", "closed to other users"),
        Ok(false) => Finding::bad(
            "folder",
            Failure::new(
                Code::Folder,
                "Other users may look into the profile's folder.",
                "chmod -R go= on it.",
            ),
        ),
        Err(error) => Finding::bad("folder", error.into()),
    };
    Ok(key.show(screen)? & folder.show(screen)?)
}

async fn examine(client: &mut Client) -> Result<bool, Failure> {
    let screen = client.screen;
    let database = match client.session.role() {
        Role::Holder => "every page and table is in order",
        Role::Guest => "in use by another sotto, which checked its pages when it started",
    };
    let mut good = Finding::good("database", database).show(screen)?;
    good &= match client.account().await {
        Ok(_) => Finding::good("account", "registered"),
        Err(failure) => Finding::bad("account", failure),
    }
    .show(screen)?;
    good &= alarms(client).await?.show(screen)?;
    if !client.offline {
        for finding in server(client).await? {
            good &= finding.show(screen)?;
        }
    }
    Ok(good)
}

async fn alarms(client: &mut Client) -> Result<Finding, Failure> {
    let unseen = client.session.alarms().await?.iter().filter(|alarm| !alarm.acknowledged).count();
    Ok(if unseen == 0 {
        Finding::good("alarms", "none that you have not seen")
    } else {
        let what = format!("{unseen} that you have not seen.");
        Finding::bad(
            "alarms",
            Failure::new(Code::Alarms, what, "sotto alarms; then sotto alarms --seen NUMBER"),
        )
    })
}

/// Connects, and compares clocks.
async fn server(client: &mut Client) -> Result<Vec<Finding>, Failure> {
    client.session.go_online().await?;
    let sync = client.session.begin(sotto_engine::api::Command::Sync).await;
    let mut patience = client.patience();
    let mut clock = Finding::good("clock", "agrees with the server's");
    loop {
        match client.next(&mut patience).await {
            Err(failure) if failure == Failure::stopped() => return Err(failure),
            Err(failure) if failure.code == Code::ClockOff => {
                return Ok(vec![Finding::bad("clock", failure)]);
            }
            Err(failure) => return Ok(vec![Finding::bad("server", failure)]),
            Ok(Heard::Reply(ticket, Ok(_))) if ticket == sync => {
                let witnessed = "reachable; not independently witnessed";
                return Ok(vec![Finding::good("server", witnessed), clock]);
            }
            Ok(Heard::Reply(_, Err(error))) => return Ok(vec![Finding::bad("server", error.into())]),
            Ok(Heard::Notice(Notice::Event { event })) => {
                if let Event::ClockOff { local, server } = *event {
                    clock = Finding::bad("clock", Failure::clock_off(local, server));
                }
            }
            Ok(_) => {}
        }
    }
}

fn set_aside(global: &Global, screen: Screen) -> Result<(), Failure> {
    let profile = profile(global)?;
    if !profile.exists() {
        return Err(Failure::no_account());
    }
    let moved = profile.set_aside(Clock::with_offset_s(global.clock_offset).now()).map_err(|error| {
        match error.kind() {
            std::io::ErrorKind::WouldBlock => Failure::new(
                Code::Busy,
                "Another sotto uses this profile.",
                "End it first. Nothing was moved.",
            ),
            _ => error.into(),
        }
    })?;
    for file in moved {
        let name = file.display().to_string();
        screen.data(&Outcome::Moved { file: name.clone() }, || format!("moved to {name}"))?;
    }
    Ok(())
}
