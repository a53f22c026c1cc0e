//! `sotto`: the client's command line.
//!
//! Reading order: [`cli`] (every command and flag), [`commands`] (one file each), [`client`] (what they share: a
//! session, patience, alarms), [`record`] and [`plain`] (what is printed), [`failure`] (what went wrong and the way
//! out).

mod cli;
mod client;
mod commands;
mod failure;
mod instant;
mod patience;
mod person;
mod plain;
mod record;
mod screen;
mod target;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    commands::run(cli::Cli::parse())
}

#[cfg(test)]
mod docs_tests;
