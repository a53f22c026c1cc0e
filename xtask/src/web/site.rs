//! The files as a server sends them: named after their content, compressed, with every reference right.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::ensure;
use sha2::{Digest as _, Sha256};

use super::compile::Module;

/// Where content-named files lie.
const ASSETS: &str = "assets";
/// Characters of the hash in a name: 80 bits.
const HASH_CHARS: usize = 20;

/// All files by their path.
#[derive(Default)]
pub(super) struct Site {
    files: BTreeMap<String, File>,
}

struct File {
    bytes: Vec<u8>,
    brotli: Vec<u8>,
    gzip: Vec<u8>,
}

/// Where a module lies.
pub(super) struct Placed {
    pub(super) script: String,
    pub(super) wasm: String,
}

impl Site {
    /// Adds a file under a name of its content; returns its absolute path.
    pub(super) fn add_asset(&mut self, name: &str, bytes: Vec<u8>) -> String {
        let path = format!("{ASSETS}/{}", hashed_name(name, &bytes));
        self.add(&path, bytes);
        format!("/{path}")
    }

    /// Adds a file under its own name.
    pub(super) fn add_page(&mut self, name: &str, text: &str) {
        self.add(name, text.as_bytes().to_vec());
    }

    /// Adds a module: its WebAssembly, its snippets, then its script with the names these got, and `start` at its end.
    pub(super) fn add_module(&mut self, module: Module, start: &str) -> anyhow::Result<Placed> {
        let wasm_name = module.wasm_name();
        let mut script = module.script;
        for (path, text) in module.snippets {
            let placed = self.add_asset("snippet.js", text.into_bytes());
            ensure!(script.contains(&path), "{} does not import its snippet", module.name);
            script = script.replace(&path, &placed);
        }
        ensure!(script.contains(&wasm_name), "{} does not name its WebAssembly", module.name);
        let wasm = self.add_asset(&format!("{}.wasm", module.name), module.wasm);
        script = script.replace(&wasm_name, &wasm);
        script.push_str(start);
        let script = self.add_asset(&format!("{}.js", module.name), script.into_bytes());
        Ok(Placed { script, wasm })
    }

    fn add(&mut self, path: &str, bytes: Vec<u8>) {
        let file = File { brotli: brotli(&bytes), gzip: gzip(&bytes), bytes };
        self.files.insert(path.to_owned(), file);
    }

    /// Names this version: a hash of all names so far, which are hashes of all content.
    pub(super) fn version(&self) -> String {
        let names: Vec<&str> = self.files.keys().map(String::as_str).collect();
        let pages = self.files.iter().filter(|(path, _)| !is_asset(path));
        let pages: Vec<u8> = pages.flat_map(|(_, file)| file.bytes.iter().copied()).collect();
        hash(&[names.join("\n").as_bytes(), &pages].concat())
    }

    /// What the service worker keeps, as a JavaScript list.
    pub(super) fn assets_json(&self) -> anyhow::Result<String> {
        let kept = self.files.keys().filter(|path| *path != "index.html" && !is_for_the_system(path));
        let paths: Vec<String> = kept.map(|path| format!("/{path}")).collect();
        Ok(serde_json::to_string(&paths)?)
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Bytes of everything that the page needs, as the browser that compresses best takes it.
    pub(super) fn first_load(&self) -> usize {
        self.files.iter().filter(|(path, _)| !is_for_the_system(path)).map(|(_, file)| smallest(file)).sum()
    }

    /// Path, bytes and compressed bytes of each file.
    pub(super) fn table(&self) -> String {
        let lines = self.files.iter().map(|(path, file)| {
            format!(
                "   {path}: {} bytes, {} gzip, {} brotli",
                file.bytes.len(),
                file.gzip.len(),
                file.brotli.len()
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The first file that names one of these places of this machine.
    pub(super) fn naming(&self, places: &[String]) -> Option<&str> {
        let names = |file: &File| {
            let held = |place: &String| file.bytes.windows(place.len()).any(|part| part == place.as_bytes());
            places.iter().any(held)
        };
        self.files.iter().find(|(_, file)| names(file)).map(|(path, _)| path.as_str())
    }

    /// Writes everything into a folder, which holds nothing else afterwards.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder.join(ASSETS))?;
        for (path, file) in &self.files {
            fs::write(folder.join(path), &file.bytes)?;
            fs::write(folder.join(format!("{path}.br")), &file.brotli)?;
            fs::write(folder.join(format!("{path}.gz")), &file.gzip)?;
        }
        Ok(())
    }
}

fn is_asset(path: &str) -> bool {
    path.starts_with(ASSETS)
}

/// Pictures that a system asks for when somebody installs the page; the page itself never does.
fn is_for_the_system(path: &str) -> bool {
    path.ends_with(".png")
}

fn smallest(file: &File) -> usize {
    file.bytes.len().min(file.brotli.len()).min(file.gzip.len())
}

/// `page.js` becomes `page-0123456789abcdef0123.js`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}-{}.{ending}", hash(bytes))
}

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..HASH_CHARS].to_owned()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    let mut input = bytes;
    // Writing into memory does not fail; an empty file would be larger than none, and is then not sent.
    if brotli::BrotliCompress(&mut input, &mut out, &parameters).is_err() {
        out.clear();
        out.extend_from_slice(bytes);
    }
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    // The header's time is zero by default: the same bytes every time.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(wasm: &[u8]) -> Module {
        Module {
            name: "page".into(),
            script: "import './snippets/a/inline0.js'; fetch(new URL('page_bg.wasm', import.meta.url));"
                .into(),
            wasm: wasm.to_vec(),
            snippets: vec![("./snippets/a/inline0.js".into(), "export {}".into())],
        }
    }

    #[test]
    fn a_change_in_the_webassembly_changes_the_name_of_every_file_that_leads_to_it() {
        let placed = |wasm: &[u8]| Site::default().add_module(module(wasm), "").unwrap();
        let (one, other) = (placed(b"one"), placed(b"other"));
        assert_ne!(one.wasm, other.wasm);
        assert_ne!(one.script, other.script);
        assert_eq!(one.script, placed(b"one").script);
    }

    #[test]
    fn scripts_name_files_that_are_there() {
        let mut site = Site::default();
        let placed = site.add_module(module(b"wasm"), "start();").unwrap();
        let script = String::from_utf8(site.files[&placed.script[1..]].bytes.clone()).unwrap();
        assert!(script.contains(&placed.wasm) && script.ends_with("start();"), "{script}");
        let snippet = script.split('\'').nth(1).unwrap();
        assert!(site.files.contains_key(&snippet[1..]), "{snippet}");
    }

    #[test]
    fn the_version_changes_with_any_content() {
        let version = |style: &str, index: &str| {
            let mut site = Site::default();
            site.add_asset("style.css", style.as_bytes().to_vec());
            site.add_page("index.html", index);
            site.version()
        };
        assert_ne!(version("a", "i"), version("b", "i"));
        assert_ne!(version("a", "i"), version("a", "j"));
        assert_eq!(version("a", "i"), version("a", "i"));
    }

    #[test]
    fn what_only_a_system_asks_for_is_not_loaded_by_a_visit() {
        let mut site = Site::default();
        let page = site.add_asset("page.js", b"page".to_vec());
        let before = site.first_load();
        let picture = site.add_asset("icon-512.png", vec![7; 1_000]);
        let kept = site.assets_json().unwrap();
        assert!(kept.contains(&page) && !kept.contains(&picture), "{kept}");
        assert_eq!(site.first_load(), before);
    }

    #[test]
    fn a_file_that_names_a_place_of_this_machine_is_found() {
        let mut site = Site::default();
        site.add_page("index.html", "nothing");
        let places = ["/house/me/sotto".to_owned()];
        assert_eq!(site.naming(&places), None);
        site.add_page("page.js", "panicked at /house/me/sotto/src/lib.rs");
        assert_eq!(site.naming(&places), Some("page.js"));
    }

    #[test]
    fn compressed_bytes_are_the_same_every_time() {
        let bytes = b"the same bytes, the same bytes, the same bytes".repeat(20);
        assert_eq!(brotli(&bytes), brotli(&bytes));
        assert_eq!(gzip(&bytes), gzip(&bytes));
        assert!(brotli(&bytes).len() < bytes.len() / 4 && gzip(&bytes).len() < bytes.len() / 4);
    }
}
