//! `sotto register`: a new account.

mod words;

use std::path::PathBuf;

use clap::Args;
use sotto_engine::api::{Command, Refusal, Reply};
use sotto_native::{Check, Missing, ServerAddress, SessionError};
use sotto_wire::ids::Handle;

use self::words::{Handover, RecoveryWords};
use crate::cli::Global;
use crate::client::{Client, Ending, Opening, ending_of};
use crate::failure::{Code, Exit, Failure};
use crate::record::Outcome;
use crate::screen::Screen;
use crate::target;

/// Make an account on a server, for this device
///
/// Shows the twelve recovery words once and asks for two of them back. They are the only way to get the account back
/// when all its devices are lost; nobody else has them. Where standard input is no terminal, they are printed on standard
/// output and nothing is asked.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto register @alice --server https://chat.example.org
  sotto register @alice --server https://chat.example.org --invite 7f3k-q2xm --words-to words.txt")]
pub(crate) struct Register {
    /// The name to claim: 3 to 32 letters a-z, digits, dots or _
    #[arg(value_name = "@HANDLE", value_parser = target::handle, required_unless_present = "resume")]
    handle: Option<Handle>,

    /// The server
    #[arg(long, value_name = "URL", required_unless_present = "resume")]
    server: Option<ServerAddress>,

    /// Invitation, where the server wants one
    #[arg(long, value_name = "CODE")]
    invite: Option<String>,

    /// Write the recovery words into this new file instead of showing them
    #[arg(long, value_name = "FILE")]
    words_to: Option<PathBuf>,

    /// Print the recovery words on standard output and ask nothing
    #[arg(long, conflicts_with = "words_to")]
    yes: bool,

    /// Finish a registration that was interrupted after its words were shown
    #[arg(long, conflicts_with_all = ["handle", "server", "invite", "words_to", "yes"])]
    resume: bool,
}

impl Register {
    pub(crate) async fn run(self, global: &Global, screen: Screen) -> Ending {
        if global.offline {
            let failure =
                Failure::usage(Code::Offline, "register needs the network.", "Leave out --offline.");
            return ending_of(screen, Err(failure));
        }
        let missing = if self.resume { Missing::Refuse } else { Missing::Create };
        match Client::open(global, screen, Opening { missing, check: Check::Pages }).await {
            Err(failure) => ending_of(screen, Err(failure)),
            Ok(mut client) => {
                let result = self.register(&mut client).await;
                client.finish(result).await
            }
        }
    }

    async fn register(self, client: &mut Client) -> Result<(), Failure> {
        if client.session.account().await?.is_some_and(|account| account.registered) {
            return Err(Refusal::AccountExists.into());
        }
        if !self.resume {
            self.prepare(client).await?;
        }
        client.session.go_online().await?;
        client.progress("registering");
        let registered = client.done(Command::Register).await;
        let account = client.session.account().await?.ok_or(Refusal::NothingPrepared)?;
        match registered {
            Ok(_) => {}
            // A first try got through, and only its answer was lost.
            Err(_) if account.registered => {}
            Err(failure) if failure.exit == Exit::Failed && may_be_resumed(&failure) => {
                return Err(failure.and("The account is not registered yet. To go on with the same recovery words: sotto register --resume."));
            }
            Err(failure) => return Err(failure),
        }
        let handle = account.handle.to_string();
        let record = Outcome::Registered { account: account.account, handle, server: &account.server };
        client.screen.data(&record, || format!("{} is registered", account.handle))?;
        // Others need this device's keys before they can write: they leave now, not with the next command.
        client.sync_if_possible().await
    }

    /// Makes the keys and hands over the recovery words.
    async fn prepare(self, client: &mut Client) -> Result<(), Failure> {
        let (Some(handle), Some(server)) = (self.handle, self.server) else { return Ok(()) };
        let handover = Handover::choose(self.words_to, self.yes)?;
        let command = Command::PrepareAccount { handle, server: server.to_string(), invite: self.invite };
        let Reply::RecoveryWords { words } = client.session.command(command).await? else {
            return Err(SessionError::Interrupted.into());
        };
        let words = RecoveryWords::new(words);
        let screen = client.screen;
        tokio::task::spawn_blocking(move || handover.hand_over(&words, screen))
            .await
            .map_err(std::io::Error::other)?
    }
}

/// Whether the same keys may still get registered: the server has not said no.
fn may_be_resumed(failure: &Failure) -> bool {
    !matches!(
        failure.code,
        Code::HandleTaken
            | Code::RegistrationClosed
            | Code::InviteInvalid
            | Code::NothingPrepared
            | Code::AccountExists
            | Code::NoAccount
    )
}
