//! `web`: builds the web client into `target/web/`, the same bytes from the same sources wherever they lie.
//!
//! Two programs become WebAssembly: the worker (engine, database, connections) and the page (what is drawn). Every file
//! is named after its content and may be cached for ever; `index.html`, the manifest and the service worker name them and
//! are asked for anew each time. Beside each file lies what a server sends to a browser that takes brotli or gzip.
//!
//! The showcase is a page of another build, in `target/showcase/`: a script stands in for the core, so that every screen
//! can be looked at. No program takes it in.
//!
//! Reading order: this file (what is built, from what), `compile` (cargo and wasm-bindgen), `optimise` (wasm-opt),
//! `site` (names, references, compression), `reproduce` (a second build elsewhere, compared).

mod compile;
mod optimise;
mod reproduce;
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
    /// Build it once more, from a copy of the sources at another path, and compare every byte (minutes, and 2 GB for a while)
    #[arg(long)]
    reproduce: bool,
}

/// As it is shipped, and as the tests want it.
pub(crate) const FULL: Options = Options { no_opt: false, reproduce: false };
/// As `up` wants it: without npm.
pub(crate) const QUICK: Options = Options { no_opt: true, reproduce: false };

const WORKER: Program = Program { package: "sotto-browser", name: "sotto-worker", features: &["worker"] };
const PAGE: Program = Program { package: "sotto-web", name: "sotto-web", features: &[] };
const SHOWCASE: Program = Program { features: &["showcase"], ..PAGE };

/// What tests run in a worker: scenarios of engine and view.
const SCENARIOS: Program = Program { package: "sotto-view-tests", name: "sotto-scenarios", features: &[] };

/// Runs again when it was touched: a build of `sottod` that found no web client does not look again by itself.
const EMBEDDER: &str = "apps/sottod/build.rs";
/// Where the page's frame lies: template, boot scripts, manifest.
const FRAME: &str = "client/browser/web";
const STYLES: &str = "apps/web/styles";
/// Pictures. Templates name them by their stems.
const STATIC: &str = "apps/web/static";

/// Where the result lies.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("web")
}

/// Where the showcase lies.
pub(crate) fn showcase_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("showcase")
}

/// Where script and WebAssembly of the scenarios lie.
pub(crate) fn scenarios_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("web-scenarios")
}

/// Builds the scenarios that run in a browser.
pub(crate) fn scenarios(workspace: &Workspace) -> anyhow::Result<String> {
    let folder = scenarios_folder(workspace);
    let mut bytes_in_all = 0;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for module in compile::compile(workspace, [SCENARIOS])? {
        let (script, wasm) = (format!("{}.js", module.name), module.wasm_name());
        let files = [(script, module.script.into_bytes()), (wasm, module.wasm)];
        let snippets = module.snippets.into_iter().map(|(path, text)| (path, text.into_bytes()));
        for (path, bytes) in files.into_iter().chain(snippets) {
            let path = folder.join(path.trim_start_matches("./"));
            fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            bytes_in_all += bytes.len();
            fs::write(path, bytes)?;
        }
    }
    Ok(format!("{} kB", bytes_in_all / 1_000))
}

/// Builds it, twice if told so; says how much a first visit loads.
pub(crate) fn build(workspace: &Workspace, options: Options) -> anyhow::Result<String> {
    let told = build_once(workspace, options)?;
    if !options.reproduce {
        return Ok(told);
    }
    Ok(format!("{told}\n{}", reproduce::compare(workspace, options)?))
}

fn build_once(workspace: &Workspace, options: Options) -> anyhow::Result<String> {
    let [worker, page] = compile::compile(workspace, [WORKER, PAGE])?;
    let [worker, page] =
        if options.no_opt { [worker, page] } else { optimise::optimise(workspace, [worker, page])? };
    let site = assemble(workspace, page, Some(worker))?;
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

/// Builds the page of scripted screens, in a folder that no program takes in; says where.
pub(crate) fn build_showcase(workspace: &Workspace) -> anyhow::Result<String> {
    let [page] = compile::compile(workspace, [SHOWCASE])?;
    let folder = showcase_folder(workspace);
    assemble(workspace, page, None)?.write(&folder)?;
    Ok(format!("{}; to look at it: node testing/browser/showcase.mjs {0}", folder.display()))
}

/// Puts a page together; without a worker it says that there is none.
fn assemble(workspace: &Workspace, page: Module, worker: Option<Module>) -> anyhow::Result<Site> {
    let frame = |name: &str| workspace.read(&format!("{FRAME}/{name}"));
    let mut site = Site::default();
    let worker = match worker {
        Some(worker) => site.add_module(worker, &frame("worker-start.js")?)?.script,
        None => String::new(),
    };
    let page = site.add_module(page, &frame("page-start.js")?)?;
    let boot = site.add_asset("boot.js", frame("boot.js")?.into_bytes());
    let style = site.add_asset("style.css", styles(&workspace.root.join(STYLES))?.into_bytes());
    let mut names = pictures(workspace, &mut site)?;
    let more = [
        ("style", style),
        ("page", page.script),
        ("page_wasm", page.wasm),
        ("worker", worker),
        ("boot", boot),
    ];
    names.extend(more.map(|(name, path)| (name.to_owned(), path)));
    site.add_page("index.html", &filled(&frame("index.html")?, &names)?);
    site.add_page("manifest.webmanifest", &filled(&frame("manifest.webmanifest")?, &names)?);
    let names = [("version".to_owned(), site.version()), ("files".to_owned(), site.assets_json()?)];
    site.add_page("service-worker.js", &filled(&frame("service-worker.js")?, &names)?);
    Ok(site)
}

/// Adds every picture; says under which name templates find it.
fn pictures(workspace: &Workspace, site: &mut Site) -> anyhow::Result<Vec<(String, String)>> {
    let paths = files_of(&workspace.root.join(STATIC))?;
    paths.into_iter().map(|path| picture(&path, site)).collect()
}

fn picture(path: &Path, site: &mut Site) -> anyhow::Result<(String, String)> {
    let name = path.file_name().and_then(|name| name.to_str()).context("a picture's name is text")?;
    let stem = name.split('.').next().unwrap_or(name).to_owned();
    Ok((stem, site.add_asset(name, fs::read(path)?)))
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

/// Puts values in the places of a template; every place must have one.
fn filled(template: &str, values: &[(String, String)]) -> anyhow::Result<String> {
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
        let values = [("page".to_owned(), "/x".to_owned())];
        assert_eq!(filled("<a href={{page}}>", &values).unwrap(), "<a href=/x>");
        let error = filled("{{page}} {{style}}", &values).unwrap_err();
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
