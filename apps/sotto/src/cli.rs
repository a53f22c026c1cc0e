//! Every command and flag, in one place: help, completions, man pages and the tables of docs/cli.md come from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use sotto_native::Proxy;

use crate::commands::*;

/// Messages that the server cannot read.
///
/// People are written @name; a conversation is @name or the id that `sotto chats --json` shows. Data goes to standard
/// output, talk to standard error. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 alarm (something that
/// a hostile server might have done: see `sotto alarms`).
#[derive(Debug, Parser)]
#[command(name = "sotto", version, max_term_width = 100, after_help = EXAMPLE)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLE: &str = "Example:
  sotto register @alice --server https://chat.example.org
  sotto send @bob Hello Bob
  sotto listen";

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Folder of this device's database and key (default: the platform's data folder)
    #[arg(long, value_name = "DIR", global = true, env = "SOTTO_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<PathBuf>,

    /// Print one JSON object per line, texts exactly as they were written
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Do everything from what is here, without the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,

    /// Give up when nothing has moved for this long
    #[arg(long, value_name = "SECONDS", global = true, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) wait: u64,

    /// Make every connection through a proxy that also looks up names: socks5h://HOST:PORT (Tor) or http://HOST:PORT
    #[arg(long, value_name = "URL", global = true, env = "SOTTO_PROXY", hide_env_values = true)]
    pub(crate) proxy: Option<Proxy>,

    /// Trust the certificates in this PEM file too, for a private server
    #[arg(long, value_name = "FILE", global = true, env = "SOTTO_CA", hide_env_values = true)]
    pub(crate) ca: Option<PathBuf>,

    /// Leave a new profile's key readable in its folder; without it, the key is in the keyring or behind a passphrase
    #[arg(long, global = true)]
    pub(crate) insecure_key_file: bool,

    /// Pretend that the clock is this much ahead (negative: behind)
    #[arg(
        long,
        value_name = "SECONDS",
        global = true,
        default_value_t = 0,
        allow_negative_numbers = true,
        hide_default_value = true,
        help_heading = "Testing"
    )]
    pub(crate) clock_offset: i64,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Register(register::Register),
    Whoami(whoami::Whoami),
    Send(send::Send),
    Sync(sync::Sync),
    Listen(listen::Listen),
    Chats(chats::Chats),
    History(history::History),
    Requests(requests::Requests),
    Accept(accept::Accept),
    Decline(decline::Decline),
    Block(block::Block),
    Unblock(unblock::Unblock),
    Name(name::Name),
    Passphrase(passphrase::Passphrase),
    StartOver(start_over::StartOver),
    Retry(retry::Retry),
    Alarms(alarms::Alarms),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_with_an_example() {
        for command in Cli::command().get_subcommands() {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let call = format!("sotto {}", command.get_name());
            assert!(example.starts_with("Example"), "{} has no example", command.get_name());
            assert!(example.contains(&call), "{}'s example does not call it", command.get_name());
            assert!(command.get_about().is_some(), "{} says nothing", command.get_name());
        }
    }

    #[test]
    fn every_example_parses() {
        for command in Cli::command().get_subcommands() {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in example.lines().filter_map(|line| line.trim().strip_prefix("sotto ")) {
                let line = line.split([';', '|', '>']).next().unwrap_or_default();
                let words = split(line);
                Cli::try_parse_from([&["sotto".to_owned()], &words[..]].concat())
                    .unwrap_or_else(|error| panic!("sotto {line}: {error}"));
            }
        }
    }

    /// Words of a command line with double and single quotes.
    fn split(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        for c in line.trim().chars() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), _) if c == open => quote = None,
                (None, ' ') => words.push(std::mem::take(&mut word)),
                _ => word.push(c),
            }
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        words
    }
}
