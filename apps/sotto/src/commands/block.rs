//! `sotto block`: take nothing more from somebody.

use clap::Args;
use sotto_engine::api::{Command, Target};

use super::change;
use crate::client::Client;
use crate::failure::Failure;
use crate::target;

/// Take nothing more from somebody, without telling them
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto block @mallory")]
pub(crate) struct Block {
    /// Whom: @name, or the conversation's id
    #[arg(value_name = "WHO", value_parser = target::conversation)]
    who: Target,
}

impl Block {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let text = format!("{} is blocked", target::written(&self.who));
        change(client, Command::Block { who: self.who }, &text).await
    }
}
