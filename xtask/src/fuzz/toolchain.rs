//! The compiler that can instrument, and what to do when it is missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, ensure};

use crate::shell;

/// Which cargo builds the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// `cargo +nightly`.
    Nightly,
    /// The stable one, told to allow what only nightly allows.
    Bootstrap,
}

const HOST: &str = env!("SOTTO_XTASK_HOST");
const NO_CARGO_FUZZ: &str =
    "cargo-fuzz is missing. Install it with:\n\n    cargo install cargo-fuzz --locked\n";
const NO_NIGHTLY: &str = "fuzzing needs a compiler that takes unstable flags. Either install the nightly one:\n\n    \
                          rustup toolchain install nightly --profile minimal\n\nor let the stable one take them:\n\n    \
                          RUSTC_BOOTSTRAP=1 cargo xtask fuzz\n";

impl Toolchain {
    /// The one that is here.
    pub(super) fn find() -> anyhow::Result<Self> {
        ensure!(shell::on_path("cargo-fuzz"), NO_CARGO_FUZZ);
        if std::env::var_os("RUSTC_BOOTSTRAP").is_some_and(|value| value == "1") {
            return Ok(Self::Bootstrap);
        }
        let nightly = Command::new("cargo")
            .args(["+nightly", "--version"])
            // Cargo tells the programs it runs which toolchain it is.
            .env_remove("RUSTUP_TOOLCHAIN")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !nightly.is_ok_and(|status| status.success()) {
            bail!(NO_NIGHTLY);
        }
        Ok(Self::Nightly)
    }

    fn cargo(self) -> Command {
        let mut cargo = match self {
            Self::Nightly => Command::new("cargo"),
            Self::Bootstrap => shell::cargo(),
        };
        if self == Self::Nightly {
            cargo.arg("+nightly").env_remove("RUSTUP_TOOLCHAIN");
        }
        cargo
    }

    /// Builds the targets.
    pub(super) fn build(self, folder: &Path, targets: &[String]) -> anyhow::Result<()> {
        let mut cargo = self.cargo();
        cargo.args(["fuzz", "build", "--target", HOST, "--target-dir"]).arg(target(folder));
        // One name builds one program; several are built together with all others.
        if let [only] = targets {
            cargo.arg(only);
        }
        shell::run(&mut cargo, folder.parent().unwrap_or(folder))
    }
}

/// Where the programs of a build are.
pub(super) fn programs(folder: &Path) -> PathBuf {
    target(folder).join(HOST).join("release")
}

/// A folder of their own: instrumented code is of no use to anybody else.
fn target(folder: &Path) -> PathBuf {
    folder.join("target")
}
