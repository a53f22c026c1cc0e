//! Installs the peers from Debian, as root; says what to do otherwise.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use nix::unistd::Uid;

use crate::bench::Context;

/// What Debian calls them.
const PACKAGES: [&str; 5] = ["ejabberd", "erlang-p1-pgsql", "lua-dbi-sqlite3", "postgresql", "prosody"];
/// What they bring.
const FILES: [&str; 4] = [super::ejabberd::SCHEMA, "/usr/bin/prosody", "/usr/bin/erl", "/usr/bin/pg_config"];

/// Installs what is missing.
///
/// # Errors
/// When something is missing and cannot be installed, with what to do.
pub fn make_sure(context: &Context) -> anyhow::Result<()> {
    ensure!(
        Uid::effective().is_root(),
        "run this as root: PostgreSQL and ejabberd run as users of their own"
    );
    if FILES.iter().all(|file| Path::new(file).exists()) {
        return Ok(());
    }
    let packages = PACKAGES.join(" ");
    ensure!(
        Path::new("/usr/bin/apt-get").exists(),
        "this is no Debian: install these by hand and run again: {packages}"
    );
    context.say(format_args!("installing {packages}"));
    // Nothing that is installed may start: it would share the machine with what is measured.
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(PACKAGES);
    install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    let output = install.stdin(Stdio::null()).output().context("starting apt-get")?;
    if !output.status.success() {
        bail!(
            "apt-get failed; `apt-get install {packages}` says why:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
