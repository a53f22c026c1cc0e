//! `sottod`, the Sotto server: carries conversations that it cannot read.
//!
//! Reading order: `settings` (every setting, defined once), `serve` (the server), then one module per command:
//! `invite`, `doctor`, `inventory`, `backup`. `data_dir` and `log_key` are what lies on disk besides the databases.

mod backup;
mod data_dir;
mod doctor;
mod failure;
mod inventory;
mod invite;
mod log_key;
mod logging;
mod notify;
mod output;
mod places;
mod serve;
mod settings;
mod web;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use nix::sys::stat::{Mode, umask};
use sotto_wire::ids::Handle;

use crate::{
    failure::Failure,
    output::{Output, note},
    settings::{AllFlags, PlaceFlags, Settings, Span},
};

const EXAMPLES: &str = "\
Examples:
  sottod serve                                          try it on this machine
  sottod invite --uses 5 --expires 7d                   let five people in
  sottod serve --listen '[::]:443' --public-url https://chat.example.org \\
      --tls-cert /etc/ssl/chat.pem --tls-key /etc/ssl/chat.key
  sottod serve --behind-proxy --public-url https://chat.example.org
  sottod doctor                                         is everything in order?
  sottod inventory @alice                               what is known about her

Exit codes: 0 done, 1 refused or failed (standard error says why), 2 wrong usage or settings.";

#[derive(Parser)]
#[command(name = "sottod", version, about = "The Sotto server: carries conversations that it cannot read", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print one JSON object per line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    #[command(after_help = "Example: sottod serve --listen 127.0.0.1:7688 --registration open")]
    Serve(AllFlags),
    /// Make an invitation; list or revoke invitations
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  sottod invite --uses 5 --expires 30d\n  sottod invite list\n  sottod invite revoke 3f9c2a81d07b"
    )]
    Invite {
        #[command(subcommand)]
        action: Option<InviteAction>,
        #[command(flatten)]
        create: CreateInvite,
    },
    /// Check settings, address, storage, key, certificate and clock; say what to do
    #[command(after_help = "Example: sottod doctor --config /etc/sottod/sottod.toml")]
    Doctor(AllFlags),
    /// Show what the server holds, in all or about one account, field by field
    #[command(after_help = "Examples:\n  sottod inventory\n  sottod inventory @alice --json")]
    Inventory {
        /// The account, as @handle
        #[arg(value_parser = handle)]
        handle: Option<Handle>,
        #[command(flatten)]
        places: PlaceFlags,
    },
    /// Copy databases and signing key into a new directory; works while the server runs
    #[command(after_help = "Example: sottod backup /backup/sottod-2025-06-01")]
    Backup {
        /// Where to; it must be empty or not exist
        #[arg(value_name = "DIR")]
        to: PathBuf,
        #[command(flatten)]
        places: PlaceFlags,
    },
    /// Put a backup in place as the data directory of a server that does not run
    #[command(after_help = "Example: sottod restore /backup/sottod-2025-06-01 --data /var/lib/sottod")]
    Restore {
        /// Where from
        #[arg(value_name = "DIR")]
        from: PathBuf,
        #[command(flatten)]
        places: PlaceFlags,
    },
    /// Print the table of all settings
    #[command(hide = true)]
    Settings {
        /// As the page docs/operations/settings.md
        #[arg(long, required = true)]
        markdown: bool,
    },
}

#[derive(Subcommand)]
enum InviteAction {
    /// Show open invitations: identifier, uses left, last day
    List(PlaceFlags),
    /// Withdraw an invitation
    Revoke {
        /// Its code, or its identifier in the list
        #[arg(value_name = "CODE")]
        code: String,
        #[command(flatten)]
        places: PlaceFlags,
    },
}

#[derive(Args)]
struct CreateInvite {
    /// Accounts it admits
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,
    /// How long it admits, in days rounded up
    #[arg(long, value_name = "TIME", default_value = "7d")]
    expires: Span,
    #[command(flatten)]
    places: settings::InviteFlags,
}

fn handle(text: &str) -> Result<Handle, String> {
    Handle::parse(text).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    // Whatever is made is for its owner alone.
    umask(Mode::from_bits_truncate(0o077));
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            if !matches!(failure, Failure::OutputClosed) {
                note(format_args!("sottod: {failure}"));
            }
            failure.exit_code()
        }
    }
}

fn run(Cli { command, json }: Cli) -> Result<ExitCode, Failure> {
    let output = Output::chosen_by(json);
    match command {
        Command::Serve(flags) => serve::run(&Settings::load(&flags.0)?, output)?,
        Command::Invite { action: None, create } => {
            invite::create(&Settings::load(&create.places.0)?, create.uses, create.expires, output)?;
        }
        Command::Invite { action: Some(InviteAction::List(places)), .. } => {
            invite::list(&Settings::load(&places.0)?, output)?;
        }
        Command::Invite { action: Some(InviteAction::Revoke { code, places }), .. } => {
            invite::revoke(&Settings::load(&places.0)?, &code, output)?;
        }
        Command::Doctor(flags) => return doctor::run(Settings::load(&flags.0), output),
        Command::Inventory { handle, places } => {
            inventory::run(&Settings::load(&places.0)?, handle.as_ref(), output)?;
        }
        Command::Backup { to, places } => backup::backup(&Settings::load(&places.0)?, &to, output)?,
        Command::Restore { from, places } => backup::restore(&Settings::load(&places.0)?, &from, output)?,
        Command::Settings { markdown: _ } => output.remark(settings::markdown().trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
