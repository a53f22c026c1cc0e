//! Takes the web client into the binary, if it was built: `cargo xtask web` leaves it in the target folder, or
//! `SOTTO_WEB` names another.
//!
//! Without it the server says so on its page; nothing else differs.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=SOTTO_WEB");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut table = String::from("pub(crate) const FILES: &[sotto_http::WebFile] = &[\n");
    if let Some(folder) = web_client(&out) {
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut paths = Vec::new();
        collect(&folder, &mut paths)?;
        paths.sort();
        for path in paths {
            table.push_str(&entry(&folder, &path));
        }
    }
    table.push_str("];\n");
    fs::write(out.join("web_files.rs"), table)
}

/// Where the web client lies, if it was built.
fn web_client(out: &Path) -> Option<PathBuf> {
    let named = env::var_os("SOTTO_WEB").map(PathBuf::from);
    // OUT_DIR is somewhere below the target folder.
    let beside = out.ancestors().skip(1).map(|folder| folder.join("web"));
    named.into_iter().chain(beside).find(|folder| folder.join("index.html").is_file())
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for found in fs::read_dir(folder)? {
        let path = found?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if !matches!(path.extension().and_then(|ending| ending.to_str()), Some("br" | "gz")) {
            paths.push(path);
        }
    }
    Ok(())
}

fn entry(folder: &Path, path: &Path) -> String {
    let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let media = match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    };
    let keep = if name.starts_with("assets/") { "Forever" } else { "UntilChanged" };
    let include = |ending: &str| format!("include_bytes!({:?})", format!("{}{ending}", path.display()));
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = writeln!(
        text,
        "    sotto_http::WebFile {{ path: {:?}, media: {media:?}, keep: sotto_http::Keep::{keep}, plain: {}, brotli: {}, \
         gzip: {}, tag: {:?} }},",
        format!("/{name}"),
        include(""),
        include(".br"),
        include(".gz"),
        tag(path),
    );
    text
}

/// Names the bytes: asked for again only when they differ. Not a secret, and nobody gains by finding another text with
/// the same tag, so FNV-1a does.
fn tag(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
