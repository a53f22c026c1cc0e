//! `sotto start-over`: fresh keys for a conversation.

use clap::Args;
use sotto_engine::api::{Command, Target};

use crate::client::Client;
use crate::failure::{Code, Failure};
use crate::record::Outcome;
use crate::target;

/// Begin a conversation anew with fresh keys, when it is stuck; its history stays
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto start-over @bob")]
pub(crate) struct StartOver {
    /// Which conversation: @name or its id
    #[arg(value_name = "CONV", value_parser = target::conversation)]
    conversation: Target,
}

impl StartOver {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        if client.offline {
            return Err(Failure::usage(
                Code::Offline,
                "start-over needs the network.",
                "Leave out --offline.",
            ));
        }
        let text = format!("the conversation with {} has fresh keys", target::written(&self.conversation));
        client.sync_if_possible().await?;
        client.done(Command::StartOver { conversation: self.conversation }).await?;
        client.screen.data(&Outcome::Done, || text)
    }
}
