//! One file per command: what it takes, its example, what it does.

pub(crate) mod accept;
pub(crate) mod alarms;
pub(crate) mod block;
pub(crate) mod chats;
pub(crate) mod completions;
pub(crate) mod decline;
pub(crate) mod doctor;
pub(crate) mod history;
pub(crate) mod listen;
pub(crate) mod man;
pub(crate) mod name;
pub(crate) mod passphrase;
pub(crate) mod register;
pub(crate) mod requests;
pub(crate) mod retry;
pub(crate) mod send;
pub(crate) mod start_over;
pub(crate) mod sync;
pub(crate) mod unblock;
pub(crate) mod whoami;

use std::process::ExitCode;
use std::time::Duration;

use sotto_engine::api;

use crate::cli::{Cli, Command};
use crate::client::{Client, Ending, Opening, ending_of};
use crate::failure::Failure;
use crate::record::Outcome;
use crate::screen::Screen;

/// How long threads have to end before the process does without them.
const THREADS_END_WITHIN: Duration = Duration::from_secs(1);

/// Runs the command; everything it has to say is said when this returns.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let screen = Screen::new(cli.global.json);
    let ending = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Err(error) => ending_of(screen, Err(error.into())),
        Ok(runtime) => {
            let ending = runtime.block_on(dispatch(cli, screen));
            // OpenSSL tears itself down as the process ends, and aborts it if a thread that opened the database is
            // just ending too: such threads first. A keyring that does not answer is not waited for any longer.
            runtime.shutdown_timeout(THREADS_END_WITHIN);
            ending
        }
    };
    ExitCode::from(match ending {
        Ending::Done => 0,
        Ending::Failed => 1,
        Ending::Usage => 2,
        Ending::Alarm => 3,
    })
}

async fn dispatch(Cli { global, command }: Cli, screen: Screen) -> Ending {
    match command {
        Command::Register(args) => args.run(&global, screen).await,
        Command::Passphrase(args) => ending_of(screen, args.run(&global, screen).await),
        Command::Doctor(args) => args.run(&global, screen).await,
        Command::Completions(args) => ending_of(screen, args.run()),
        Command::Man(args) => ending_of(screen, args.run(screen)),
        other => match Client::open(&global, screen, Opening::EXISTING).await {
            Err(failure) => ending_of(screen, Err(failure)),
            Ok(mut client) => {
                let result = on_profile(other, &mut client).await;
                client.finish(result).await
            }
        },
    }
}

/// Commands that only need an account's profile.
async fn on_profile(command: Command, client: &mut Client) -> Result<(), Failure> {
    client.account().await?;
    match command {
        Command::Whoami(args) => args.run(client).await,
        Command::Send(args) => args.run(client).await,
        Command::Sync(args) => args.run(client).await,
        Command::Listen(args) => args.run(client).await,
        Command::Chats(args) => args.run(client).await,
        Command::History(args) => args.run(client).await,
        Command::Requests(args) => args.run(client).await,
        Command::Accept(args) => args.run(client).await,
        Command::Decline(args) => args.run(client).await,
        Command::Block(args) => args.run(client).await,
        Command::Unblock(args) => args.run(client).await,
        Command::Name(args) => args.run(client).await,
        Command::StartOver(args) => args.run(client).await,
        Command::Retry(args) => args.run(client).await,
        Command::Alarms(args) => args.run(client).await,
        // Dispatched before a profile is opened.
        Command::Register(_)
        | Command::Passphrase(_)
        | Command::Doctor(_)
        | Command::Completions(_)
        | Command::Man(_) => Ok(()),
    }
}

/// Fetches what is new, gives the command, and lets what it caused leave.
async fn change(client: &mut Client, command: api::Command, text: &str) -> Result<(), Failure> {
    client.sync_if_possible().await?;
    client.done(command).await?;
    client.screen.data(&Outcome::Done, || text.to_owned())?;
    client.sync_if_possible().await
}
