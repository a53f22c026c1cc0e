//! `sotto unblock`: undo a block.

use clap::Args;
use sotto_engine::api::{Command, Target};

use super::change;
use crate::client::Client;
use crate::failure::Failure;
use crate::target;

/// Undo a block; what they sent meanwhile is not shown
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto unblock @mallory")]
pub(crate) struct Unblock {
    /// Whom: @name, or the conversation's id
    #[arg(value_name = "WHO", value_parser = target::conversation)]
    who: Target,
}

impl Unblock {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let text = format!("{} is no longer blocked", target::written(&self.who));
        change(client, Command::Unblock { who: self.who }, &text).await
    }
}
