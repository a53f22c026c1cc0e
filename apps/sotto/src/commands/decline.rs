//! `sotto decline`: say no to a request, in silence.

use clap::Args;
use sotto_engine::api::{Command, Target};

use super::change;
use crate::client::Client;
use crate::failure::Failure;
use crate::target;

/// Close somebody's request without telling them
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto decline @mallory")]
pub(crate) struct Decline {
    /// Whom: @name, or the conversation's id
    #[arg(value_name = "WHO", value_parser = target::conversation)]
    who: Target,
}

impl Decline {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let text = format!("the request of {} is closed", target::written(&self.who));
        change(client, Command::Decline { who: self.who }, &text).await
    }
}
