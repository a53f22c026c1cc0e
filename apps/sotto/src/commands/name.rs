//! `sotto name`: the name others see beside the handle.

use clap::Args;
use sotto_engine::api::Command;

use super::change;
use crate::client::Client;
use crate::failure::Failure;

/// Set the name that others see beside your handle
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto name \"Alice Smith\"
  sotto name --clear")]
pub(crate) struct Name {
    /// The name
    #[arg(value_name = "NAME", required_unless_present = "clear")]
    name: Option<String>,

    /// Have none
    #[arg(long, conflicts_with = "name")]
    clear: bool,
}

impl Name {
    pub(crate) async fn run(self, client: &mut Client) -> Result<(), Failure> {
        let name = self.name.unwrap_or_default();
        let text = if self.clear { "no name is shown any more" } else { "the name is set" };
        change(client, Command::SetDisplayName { name }, text).await
    }
}
