//! Reads the icons and writes one outline a name: shapes become a single path, so that a page draws them without
//! taking markup from a text.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("icons");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    let mut out = String::new();
    for entry in paths {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "svg") {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).context("an icon without a name")?;
        let outline = outline(&fs::read_to_string(&path)?).with_context(|| stem.to_owned())?;
        let name = stem.replace('-', "_").to_uppercase();
        writeln!(out, "pub(crate) const {name}: Icon = Icon({outline:?});")?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("icons.rs"), out)?;
    Ok(())
}

/// All shapes of an icon as one path.
fn outline(svg: &str) -> anyhow::Result<String> {
    let body = svg.split_once("<svg").and_then(|(_, rest)| rest.split_once('>')).context("no <svg>")?.1;
    let mut shapes = Vec::new();
    for element in body.split('<').skip(1).filter(|element| !element.starts_with('/')) {
        let (name, rest) = element.split_once(' ').context("a shape without attributes")?;
        let number = |key: &str| attribute(rest, key).map_or(Ok(0.0), str::parse::<f64>);
        shapes.push(match name {
            // A path that begins with a relative step begins at the origin, not where the one before it ended.
            "path" => format!("M0 0{}", attribute(rest, "d").context("a path without d")?),
            "circle" => ellipse(number("cx")?, number("cy")?, number("r")?, number("r")?),
            "ellipse" => ellipse(number("cx")?, number("cy")?, number("rx")?, number("ry")?),
            "line" => format!("M{} {}L{} {}", number("x1")?, number("y1")?, number("x2")?, number("y2")?),
            "rect" => {
                rectangle(number("x")?, number("y")?, number("width")?, number("height")?, number("rx")?)
            }
            "polyline" => format!("M{}", attribute(rest, "points").context("no points")?),
            "polygon" => format!("M{}z", attribute(rest, "points").context("no points")?),
            other => bail!("a shape that is not known: {other}"),
        });
    }
    Ok(shapes.concat())
}

fn attribute<'a>(element: &'a str, key: &str) -> Option<&'a str> {
    let opening = format!("{key}=\"");
    let at = element
        .match_indices(&opening)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || element[..*at].ends_with(char::is_whitespace))?;
    element[at + opening.len()..].split('"').next()
}

fn ellipse(x: f64, y: f64, rx: f64, ry: f64) -> String {
    let width = rx * 2.0;
    format!("M{} {y}a{rx} {ry} 0 1 0 {width} 0a{rx} {ry} 0 1 0 {} 0", x - rx, -width)
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, r: f64) -> String {
    let (across, down) = (width - 2.0 * r, height - 2.0 * r);
    format!(
        "M{} {y}h{across}a{r} {r} 0 0 1 {r} {r}v{down}a{r} {r} 0 0 1 {} {r}h{}a{r} {r} 0 0 1 {} {}v{}a{r} {r} 0 0 1 {r} {}z",
        x + r,
        -r,
        -across,
        -r,
        -r,
        -down,
        -r
    )
}
