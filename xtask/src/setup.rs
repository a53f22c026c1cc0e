//! What the machine must have besides Rust. As root on a Debian system what is missing is installed; elsewhere the
//! command to run is said.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::inputs;
use crate::shell;
use crate::workspace::Workspace;

/// Something the build or the tests call.
struct Need {
    what: &'static str,
    why: &'static str,
    /// Debian's package.
    package: &'static str,
    present: fn() -> bool,
}

const COMPILER: Need =
    Need { what: "cc", why: "builds SQLite and OpenSSL", package: "gcc", present: || shell::on_path("cc") };
const MAKE: Need =
    Need { what: "make", why: "builds OpenSSL", package: "make", present: || shell::on_path("make") };
const PERL: Need =
    Need { what: "perl", why: "configures OpenSSL", package: "perl", present: || shell::on_path("perl") };
const LIBC: Need = Need {
    what: "the C library's headers",
    why: "build SQLite and OpenSSL",
    package: "libc6-dev",
    // Elsewhere the compiler brings its own.
    present: || !cfg!(target_os = "linux") || Path::new("/usr/include/stdio.h").exists(),
};
const CLANG: Need = Need {
    what: "clang",
    why: "compiles SQLite for WebAssembly",
    package: "clang",
    present: || shell::on_path("clang"),
};
const LLVM_AR: Need = Need {
    what: "llvm-ar",
    why: "packs SQLite for WebAssembly",
    package: "llvm",
    present: || shell::on_path("llvm-ar"),
};
const EMOJI: Need = Need {
    what: inputs::EMOJI_TEST,
    why: "is a test input",
    package: "unicode-data",
    present: || Path::new(inputs::EMOJI_TEST).exists(),
};
const NPM: Need = Need {
    what: "npm",
    why: "brings wasm-opt, a driver for browsers, and the Universal Declaration of Human Rights",
    package: "npm",
    present: || shell::on_path("npm"),
};

const NODE: Need = Need {
    what: "node",
    why: "runs wasm-opt and the browser tests",
    package: "nodejs",
    present: || shell::on_path("node"),
};
const CHROMIUM: Need = Need {
    what: "chromium",
    why: "is the browser of the browser tests",
    package: "chromium",
    present: || shell::on_path("chromium"),
};

/// For building the web client.
pub(crate) fn for_web(workspace: &Workspace) -> anyhow::Result<String> {
    let tools = provide(&[COMPILER, LIBC, CLANG, LLVM_AR])?;
    wasm_target(workspace)?;
    Ok(tools)
}

/// For building the programs.
pub(crate) fn for_building() -> anyhow::Result<String> {
    provide(&[COMPILER, MAKE, PERL, LIBC])
}

/// For every check and test.
pub(crate) fn for_testing(workspace: &Workspace) -> anyhow::Result<String> {
    let tools = provide(&[COMPILER, MAKE, PERL, LIBC, CLANG, LLVM_AR, EMOJI, NPM, NODE, CHROMIUM])?;
    wasm_target(workspace)?;
    Ok(tools)
}

fn provide(needs: &[Need]) -> anyhow::Result<String> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        return Ok("nothing is missing".into());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if !may_install() {
        bail!("{}", instructions(&missing));
    }
    let here = Path::new(".");
    apt(&["update", "-q"], here)?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends"], packages.as_slice()].concat(), here)?;
    match missing.iter().find(|need| !(need.present)()) {
        Some(need) => bail!("{} is still missing after installing {}", need.what, need.package),
        None => Ok(format!("installed {}", packages.join(", "))),
    }
}

fn instructions(missing: &[&Need]) -> String {
    let mut text = String::from("this machine lacks\n");
    for need in missing {
        text.push_str(&format!("      {} ({}; Debian's package {})\n", need.what, need.why, need.package));
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    text.push_str(&format!("   on Debian or Ubuntu: sudo apt-get install {}", packages.join(" ")));
    text
}

fn may_install() -> bool {
    let user = shell::capture(Command::new("id").arg("-u"));
    user.is_ok_and(|id| id.trim() == "0") && shell::on_path("apt-get")
}

fn apt(arguments: &[&str], folder: &Path) -> anyhow::Result<()> {
    shell::run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"), folder)
}

/// `rust-toolchain.toml` asks rustup for it; a Rust from elsewhere may lack it.
fn wasm_target(workspace: &Workspace) -> anyhow::Result<()> {
    let libraries = shell::capture(
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"])
            .current_dir(&workspace.root),
    )?;
    if !Path::new(libraries.trim()).exists() {
        bail!("Rust's wasm32-unknown-unknown target is missing: rustup target add wasm32-unknown-unknown");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_the_command_that_brings_it() {
        let text = instructions(&[&CLANG, &EMOJI]);
        assert!(text.contains("clang (compiles SQLite for WebAssembly"), "{text}");
        assert!(text.ends_with("sudo apt-get install clang unicode-data"), "{text}");
    }
}
