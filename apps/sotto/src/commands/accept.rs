//! `sotto accept`: say yes to a request.

use clap::Args;
use sotto_engine::api::{Command, Target};

use super::change;
use crate::client::Client;
use crate::failure::Failure;
use crate::target;

/// Accept somebody's request: both may write from now on
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto accept @bob")]
pub(crate) struct Accept {
    /// Whom: @name, or the conversation's id
    #[arg(value_name = "WHO", value_parser = target::conversation)]
    who: Target,
}

impl Accept {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let text = format!("{} is accepted", target::written(&self.who));
        change(client, Command::Accept { who: self.who }, &text).await
    }
}
