//! `web`: builds the web client into `target/web/`, the same bytes from the same sources wherever they lie.
//!
//! Two programs become WebAssembly: the worker (engine, database, connections) and the page (what is drawn). Every file
//! is named after its content and may be cached for ever; `index.html`, the manifest and the service worker name them and
//! are asked for anew each time. Beside each file lies what a server sends to a browser that takes brotli or gzip.
//!
//! Reading order: this file (what is built, from what), `compile` (cargo and wasm-bindgen), `optimise` (wasm-opt),
//! `site` (names, references, compression).

mod compile;
pub(crate) mod optimise;
mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail, ensure};

use self::compile::{Module, Program};
use self::site::Site;
use crate::workspace::Workspace;

/// The most that a browser downloads before everything works, compressed, in bytes.
const FIRST_LOAD_MAX: usize = 1_500_000;

/// What a person may leave out.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Options {
    /// Skip wasm-opt: faster to build, larger to load
    #[arg(long)]
    no_opt: bool,
}

/// As it is shipped, and as the tests want it.
pub(crate) const FULL: Options = Options { no_opt: false };
/// As `up` wants it: without npm.
pub(crate) const QUICK: Options = Options { no_opt: true };

const WORKER: Program = Program { package: "sotto-browser", name: "sotto-worker", features: &["worker"] };
const PAGE: Program = Program { package: "sotto-web", name: "sotto-web", features: &[] };

/// Runs again when it was touched: a build of `sottod` that found no web client does not look again by itself.
const EMBEDDER: &str = "apps/sottod/build.rs";
/// Where the page's frame lies: template, boot scripts, manifest, icon.
const FRAME: &str = "client/browser/web";
const STYLES: &str = "apps/web/styles";
/// Further files of the page, under their own names' hashes; an `icon.svg` here takes the place of the frame's.
const STATIC: &str = "apps/web/static";

/// Where the result lies.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("web")
}

/// Builds it; says how much a first visit loads.
pub(crate) fn build(workspace: &Workspace, options: Options) -> anyhow::Result<String> {
    let mut modules = compile::compile(workspace, &[WORKER, PAGE])?;
    if !options.no_opt {
        modules = optimise::optimise(workspace, modules)?;
    }
    let site = assemble(workspace, modules)?;
    if let Some(path) = site.naming(&compile::telltales(workspace)?) {
        bail!("{path} names a folder of this machine: another clone would give other bytes");
    }
    let first_load = site.first_load();
    let folder = folder(workspace);
    site.write(&folder)?;
    let embedder = fs::File::options().append(true).open(workspace.root.join(EMBEDDER))?;
    embedder.set_modified(SystemTime::now()).context("telling the next build of sottod to look")?;
    ensure!(
        options.no_opt || first_load <= FIRST_LOAD_MAX,
        "a first visit loads {first_load} bytes; the limit is {FIRST_LOAD_MAX}"
    );
    Ok(format!("{} files, {} kB on a first visit\n{}", site.len(), first_load / 1_000, site.table()))
}

fn assemble(workspace: &Workspace, modules: Vec<Module>) -> anyhow::Result<Site> {
    let frame = |name: &str| workspace.read(&format!("{FRAME}/{name}"));
    let mut site = Site::default();
    let [worker, page] = modules.try_into().ok().context("two programs make two modules")?;
    let worker = site.add_module(worker, &frame("worker-start.js")?)?;
    let page = site.add_module(page, &frame("page-start.js")?)?;
    let boot = site.add_asset("boot.js", frame("boot.js")?.into_bytes());
    let style = site.add_asset("style.css", styles(&workspace.root.join(STYLES))?.into_bytes());
    let icon = icon(workspace, &mut site)?;
    let names = [
        ("icon", icon.as_str()),
        ("style", &style),
        ("page", &page.script),
        ("page_wasm", &page.wasm),
        ("worker", &worker.script),
        ("boot", &boot),
    ];
    site.add_page("index.html", &filled(&frame("index.html")?, &names)?);
    site.add_page("manifest.webmanifest", &filled(&frame("manifest.webmanifest")?, &names)?);
    let (version, files) = (site.version(), site.assets_json()?);
    let names = [("version", version.as_str()), ("files", &files)];
    site.add_page("service-worker.js", &filled(&frame("service-worker.js")?, &names)?);
    Ok(site)
}

fn icon(workspace: &Workspace, site: &mut Site) -> anyhow::Result<String> {
    let own = workspace.root.join(STATIC);
    for path in files_of(&own)? {
        let name = name_of(&path)?;
        if name != "icon.svg" {
            site.add_asset(&name, fs::read(&path)?);
        }
    }
    let drawn = own.join("icon.svg");
    let path = if drawn.exists() { drawn } else { workspace.root.join(FRAME).join("icon.svg") };
    Ok(site.add_asset("icon.svg", fs::read(path)?))
}

/// All style sheets as one, in the order of their names.
fn styles(folder: &Path) -> anyhow::Result<String> {
    let sheets =
        files_of(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "css"));
    let texts: Vec<String> = sheets.map(fs::read_to_string).collect::<Result<_, _>>()?;
    Ok(texts.concat())
}

fn files_of(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> anyhow::Result<String> {
    Ok(path.file_name().and_then(|name| name.to_str()).context("a file's name is text")?.to_owned())
}

/// Puts values in the places of a template; every place must have one.
fn filled(template: &str, values: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    ensure!(!text.contains("{{"), "a place of the template has no value: {}", after(&text));
    Ok(text)
}

fn after(text: &str) -> &str {
    let at = text.find("{{").unwrap_or_default();
    text[at..].split("}}").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_with_a_place_that_nothing_fills_is_refused() {
        assert_eq!(filled("<a href={{page}}>", &[("page", "/x")]).unwrap(), "<a href=/x>");
        let error = filled("{{page}} {{style}}", &[("page", "/x")]).unwrap_err();
        assert!(error.to_string().ends_with("{{style"), "{error}");
    }

    #[test]
    fn style_sheets_are_joined_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("20-b.css", "b{}"), ("10-a.css", "a{}"), ("notes.txt", "none")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(styles(folder.path()).unwrap(), "a{}b{}");
    }
}
