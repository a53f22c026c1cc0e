//! Reads the English catalogue and writes one function a message: a message that is not there, or an argument that is
//! missing, does not compile.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "this runs when the crate is built: it reads the catalogue and writes code"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

/// Arguments that are numbers; all others are texts.
const NUMBERS: &[&str] = &["count", "seconds", "number", "percent", "day", "month"];

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("texts/en");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    let mut catalogue = String::new();
    for path in &paths {
        println!("cargo::rerun-if-changed={}", path.path().display());
        catalogue.push_str(&fs::read_to_string(path.path())?);
        catalogue.push('\n');
    }
    let messages = read(&catalogue)?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("say.rs"), functions(&messages)?)?;
    fs::write(Path::new(&out).join("en.ftl"), &catalogue)?;
    Ok(())
}

/// Each message's arguments, and its text as it stands in the catalogue.
fn read(catalogue: &str) -> Result<BTreeMap<String, (Vec<String>, String)>, Failure> {
    let resource = parser::parse(catalogue).map_err(|(_, errors)| format!("the catalogue: {errors:?}"))?;
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name.to_owned();
        let value = message.value.ok_or_else(|| format!("{name} has no text"))?;
        if !message.attributes.is_empty() {
            return Err(format!("{name} has attributes: make them messages").into());
        }
        let mut arguments = Vec::new();
        let mut words = String::new();
        walk(&value, &mut arguments, &mut words);
        if messages.insert(name.clone(), (arguments, words)).is_some() {
            return Err(format!("{name} stands twice in the catalogue").into());
        }
    }
    Ok(messages)
}

fn walk(pattern: &Pattern<&str>, arguments: &mut Vec<String>, words: &mut String) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => words.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => {
                variable(inline, arguments, words);
            }
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                variable(selector, arguments, &mut String::new());
                for variant in variants {
                    let mut rest = String::new();
                    let into = if variant.default { &mut *words } else { &mut rest };
                    walk(&variant.value, arguments, into);
                }
            }
        }
    }
}

fn variable(inline: &InlineExpression<&str>, arguments: &mut Vec<String>, words: &mut String) {
    if let InlineExpression::VariableReference { id } = inline {
        let _ = write!(words, "{{{}}}", id.name);
        if !arguments.iter().any(|known| known == id.name) {
            arguments.push(id.name.to_owned());
        }
    }
}

fn functions(messages: &BTreeMap<String, (Vec<String>, String)>) -> Result<String, Failure> {
    let mut out = String::new();
    for (id, (arguments, words)) in messages {
        let name = id.replace('-', "_");
        let number = |argument: &String| NUMBERS.contains(&argument.as_str());
        let parameters: Vec<String> = arguments
            .iter()
            .map(|one| format!("{one}: {}", if number(one) { "u64" } else { "&str" }))
            .collect();
        let values: Vec<String> = arguments
            .iter()
            .map(|one| {
                let value = if number(one) { "Value::Number" } else { "Value::text" };
                format!("({one:?}, {value}({one}))")
            })
            .collect();
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(out, "#[doc = {:?}]", format!("`{line}`"))?;
        writeln!(out, "pub fn {name}({}) -> Saying {{", parameters.join(", "))?;
        writeln!(out, "    Saying {{ id: {id:?}, values: vec![{}] }}\n}}\n", values.join(", "))?;
    }
    let all: Vec<String> = messages.keys().map(|id| format!("{id:?}")).collect();
    writeln!(out, "/// Every message of the catalogue.\npub const ALL: &[&str] = &[{}];", all.join(", "))?;
    Ok(out)
}
