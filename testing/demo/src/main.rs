//! Two people talk through a real server; three columns show what each of the three parties has of it.
//!
//! Reading order: [`conversation`] (what happens), [`held`] (what the server's files hold), [`programs`] (starting and
//! stopping), [`columns`] and [`text`] (how it is shown).

mod columns;
mod conversation;
mod held;
mod programs;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::columns::Shape;
use crate::conversation::Stage;
use crate::programs::{Port, Programs, Server};

/// Two people talk through a real server, shown in three columns
#[derive(Parser)]
#[command(name = "sotto-demo", after_help = "Example: sotto-demo --programs target/debug --keep-serving")]
struct Cli {
    /// Folder that holds sottod and sotto
    #[arg(long, value_name = "DIR")]
    programs: PathBuf,
    /// Serve on after the conversation, until Ctrl-C
    #[arg(long)]
    keep_serving: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sotto-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Children end with us: on success, on failure and on a signal.
async fn run(cli: Cli) -> anyhow::Result<()> {
    let folder =
        tempfile::Builder::new().prefix("sotto-").tempdir().context("making a folder for the data")?;
    let programs = Programs::in_folder(&cli.programs)?;
    let port = if cli.keep_serving { Port::Known } else { Port::Free };
    let mut server = Server::start(&programs, &folder.path().join("server"), port).await?;
    if cli.keep_serving {
        println!("── in a browser: {}", server.url());
    }
    let stage =
        Stage { programs: &programs, folder: folder.path(), url: server.url(), shape: Shape::detect() };
    let shown = tokio::select! {
        shown = conversation::play(&stage) => shown,
        ended = server.ended() => ended,
        () = told_to_stop() => Ok(()),
    };
    if shown.is_ok() && cli.keep_serving {
        conversation::print_what_to_try(&stage);
        tokio::select! {
            ended = server.ended() => ended?,
            () = told_to_stop() => {}
        }
    }
    server.stop().await?;
    shown
}

/// Ctrl-C, or a polite request to end.
async fn told_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
