//! `sotto retry`: failed messages once more.

use clap::Args;
use sotto_engine::api::{Command, Target};

use super::change;
use crate::client::Client;
use crate::failure::Failure;
use crate::target;

/// Try the messages of a conversation that could not be sent once more
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto retry @bob")]
pub(crate) struct Retry {
    /// Which conversation: @name or its id
    #[arg(value_name = "CONV", value_parser = target::conversation)]
    conversation: Target,
}

impl Retry {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let text = format!("messages to {} are tried again", target::written(&self.conversation));
        change(client, Command::Retry { conversation: self.conversation }, &text).await
    }
}
