//! `sotto man`: manual pages.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::cli::Cli;
use crate::failure::{Code, Failure};
use crate::screen::Screen;

/// Print the manual page of sotto or of one command, or write all of them
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sotto man | man -l -
  sotto man send | man -l -
  sotto man --to ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Which command
    #[arg(value_name = "COMMAND")]
    command: Option<String>,

    /// Write every page into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    to: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, screen: Screen) -> Result<(), Failure> {
        if let Some(dir) = self.to {
            for (name, page) in pages()? {
                std::fs::write(dir.join(format!("{name}.1")), page)?;
            }
            screen.progress("the pages are written");
            return Ok(());
        }
        let wanted = self.command.map_or_else(|| "sotto".to_owned(), |command| format!("sotto-{command}"));
        let page = pages()?.into_iter().find(|(name, _)| *name == wanted);
        let (_, page) = page.ok_or_else(|| {
            Failure::usage(Code::CommandUnknown, "There is no such command.", "`sotto help` lists them.")
        })?;
        Ok(std::io::stdout().lock().write_all(&page)?)
    }
}

/// Names and contents of all pages.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let commands = root.get_subcommands().map(|command| {
        let name = format!("sotto-{}", command.get_name());
        (name, command.clone())
    });
    let all = std::iter::once(("sotto".to_owned(), root.clone())).chain(commands);
    all.map(|(name, command)| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).title(&name).render(&mut page)?;
        Ok((name, page))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_flags() {
        let pages = pages().unwrap();
        let page = |name: &str| {
            let (_, bytes) = pages.iter().find(|(found, _)| found == name).unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        };
        assert_eq!(pages.len(), 1 + Cli::command().get_subcommands().count());
        assert!(page("sotto-history").contains("limit"));
        assert!(page("sotto-history").contains("sotto history @bob"));
        assert!(page("sotto").contains("start\\-over"));
    }
}
