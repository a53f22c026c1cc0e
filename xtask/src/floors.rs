//! Who may use whom: the table in `docs/architecture.md` against what the manifests say.
//!
//! Every edge counts: normal, build and dev dependencies, on every target. The document is the only source, so the
//! picture cannot drift from the code.

use anyhow::{Context as _, bail};

use crate::violation::Violation;
use crate::workspace::{Crate, Dependency};

/// Where the table stands.
pub(crate) const DOCUMENT: &str = "docs/architecture.md";
const HEADING: &str = "| crate | may use |";

/// The table, one row a line.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    crates: Vec<Place>,
    may_use: MayUse,
}

/// A folder as the table writes it: `core/wire`, or `apps/*` for each folder in it.
#[derive(Debug)]
struct Place {
    pattern: String,
    /// The name is kept; the crate does not exist yet.
    reserved: bool,
}

#[derive(Debug)]
enum MayUse {
    Nothing,
    These(Vec<String>),
    /// Every crate that is itself not of this kind: nobody uses these.
    Anything,
}

impl Table {
    /// Reads the table out of the document.
    pub(crate) fn parse(document: &str) -> anyhow::Result<Self> {
        let lines = document.lines().skip_while(|line| line.trim() != HEADING);
        let rows: Vec<Row> = lines
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| parse_row(line).with_context(|| format!("{DOCUMENT}: row {line:?}")))
            .collect::<anyhow::Result<_>>()?;
        if rows.is_empty() {
            bail!("{DOCUMENT} has no table under the heading {HEADING:?}");
        }
        Ok(Self { rows })
    }

    fn row(&self, folder: &str) -> Option<(&Row, &Place)> {
        self.rows.iter().find_map(|row| Some((row, row.crates.iter().find(|place| place.holds(folder))?)))
    }

    fn allows(&self, user: &Row, used: &str) -> bool {
        match &user.may_use {
            MayUse::Nothing => false,
            MayUse::These(folders) => folders.iter().any(|folder| folder == used),
            MayUse::Anything => {
                self.row(used).is_some_and(|(row, _)| !matches!(row.may_use, MayUse::Anything))
            }
        }
    }
}

impl Place {
    fn holds(&self, folder: &str) -> bool {
        match self.pattern.strip_suffix("/*") {
            Some(parent) => folder
                .strip_prefix(parent)
                .is_some_and(|rest| rest.starts_with('/') && !rest[1..].contains('/')),
            None => self.pattern == folder,
        }
    }
}

fn parse_row(line: &str) -> anyhow::Result<Row> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [crates, may_use] = cells[..] else { bail!("expected two cells") };
    let crates = crates.split(',').map(parse_place).collect::<anyhow::Result<_>>()?;
    let may_use = match may_use {
        "nothing of ours" => MayUse::Nothing,
        "anything; nobody uses it" => MayUse::Anything,
        list => {
            MayUse::These(list.split(',').map(|item| quoted(item.trim())).collect::<anyhow::Result<_>>()?)
        }
    };
    Ok(Row { crates, may_use })
}

fn parse_place(cell: &str) -> anyhow::Result<Place> {
    let cell = cell.trim();
    let (name, reserved) = match cell.strip_suffix(" (reserved)") {
        Some(name) => (name, true),
        None => (cell, false),
    };
    Ok(Place { pattern: quoted(name)?, reserved })
}

fn quoted(text: &str) -> anyhow::Result<String> {
    let inner = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    inner.map(str::to_owned).with_context(|| format!("{text:?} is no folder in backquotes"))
}

/// Compares every crate's dependencies, and the crates themselves, with the table.
pub(crate) fn check(table: &Table, crates: &[Crate]) -> Vec<Violation> {
    let mut found = Vec::new();
    for krate in crates {
        let Some((row, place)) = table.row(&krate.folder) else {
            found.push(Violation::new(&krate.folder, format!("stands in no row of {DOCUMENT}")));
            continue;
        };
        if place.reserved {
            found.push(Violation::new(&krate.folder, format!("exists, but {DOCUMENT} calls it reserved")));
        }
        for (dependency, used) in edges(krate, crates) {
            if !table.allows(row, &used.folder) {
                found.push(Violation::new(&krate.folder, forbidden(dependency, used)));
            }
        }
    }
    found.extend(missing(table, crates));
    found
}

fn edges<'a>(user: &'a Crate, crates: &'a [Crate]) -> impl Iterator<Item = (&'a Dependency, &'a Crate)> {
    user.dependencies.iter().filter_map(|dependency| {
        let used = crates.iter().find(|krate| krate.name == dependency.name)?;
        (used.name != user.name).then_some((dependency, used))
    })
}

fn forbidden(dependency: &Dependency, used: &Crate) -> String {
    let kind = dependency.kind.as_deref().unwrap_or("normal");
    let target = dependency.target.as_deref().map(|target| format!(" on {target}")).unwrap_or_default();
    format!("may not use {} ({kind} dependency{target}); {DOCUMENT} has the table", used.folder)
}

/// Rows whose crate is gone and that are not marked as reserved.
fn missing(table: &Table, crates: &[Crate]) -> Vec<Violation> {
    let places = table.rows.iter().flat_map(|row| &row.crates);
    let exists = |place: &Place| crates.iter().any(|krate| place.holds(&krate.folder));
    places
        .filter(|place| !place.reserved && !exists(place))
        .map(|place| {
            Violation::new(DOCUMENT, format!("{} does not exist: mark it (reserved)", place.pattern))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::assert_reported;

    const TABLE: &str = "\
Words before.

| crate | may use |
|---|---|
| `core/wire` | nothing of ours |
| `core/engine`, `core/view` (reserved) | `core/wire` |
| `apps/*` | anything; nobody uses it |
| `xtask` | anything; nobody uses it |

| another | table |
";

    fn krate(folder: &str, uses: &[(&str, Option<&str>, Option<&str>)]) -> Crate {
        let dependencies = uses
            .iter()
            .map(|(name, kind, target)| Dependency {
                name: (*name).into(),
                kind: kind.map(str::to_owned),
                target: target.map(str::to_owned),
                features: Vec::new(),
            })
            .collect();
        Crate { name: folder.replace('/', "-"), folder: folder.into(), license: None, dependencies }
    }

    fn house(extra: Crate) -> Vec<Crate> {
        let usual = [
            krate("core/wire", &[("serde", None, None)]),
            krate("core/engine", &[("core-wire", None, None)]),
            krate("apps/sottod", &[("core-engine", None, None)]),
            krate("xtask", &[]),
        ];
        let others = usual.into_iter().filter(|krate| krate.folder != extra.folder);
        others.chain([extra.clone()]).collect()
    }

    fn violations(extra: Crate) -> Vec<Violation> {
        check(&Table::parse(TABLE).unwrap(), &house(extra))
    }

    #[test]
    fn a_house_that_keeps_to_the_table_is_accepted() {
        assert_eq!(violations(krate("xtask", &[])), []);
    }

    #[test]
    fn planted_upward_edges_of_every_kind_and_target_are_reported() {
        let planted = krate("core/wire", &[("core-engine", None, None)]);
        assert_reported(&violations(planted), &["core/wire: may not use core/engine (normal dependency)"]);
        let planted = krate("core/wire", &[("core-engine", Some("dev"), None)]);
        assert_reported(&violations(planted), &["(dev dependency)"]);
        let planted = krate("core/wire", &[("core-engine", Some("build"), Some("cfg(windows)"))]);
        assert_reported(&violations(planted), &["(build dependency on cfg(windows))"]);
    }

    #[test]
    fn planted_use_of_an_app_is_reported_even_where_anything_goes() {
        let planted = krate("xtask", &[("apps-sottod", None, None)]);
        assert_reported(&violations(planted), &["xtask: may not use apps/sottod"]);
    }

    #[test]
    fn a_planted_crate_without_a_row_is_reported() {
        assert_reported(&violations(krate("core/utils", &[])), &["core/utils: stands in no row"]);
        assert_reported(
            &violations(krate("apps/sottod/inner", &[])),
            &["apps/sottod/inner: stands in no row"],
        );
    }

    #[test]
    fn a_planted_reserved_name_in_use_and_a_vanished_crate_are_reported() {
        assert_reported(&violations(krate("core/view", &[])), &["core/view: exists, but"]);
        let table = Table::parse(TABLE).unwrap();
        assert_reported(&check(&table, &[]), &["core/wire does not exist", "apps/* does not exist"]);
    }

    #[test]
    fn a_table_that_cannot_be_read_is_an_error_and_never_empty() {
        assert!(Table::parse("no table here").is_err());
        let planted = TABLE.replace("| nothing of ours |", "| not much |");
        let error = format!("{:#}", Table::parse(&planted).unwrap_err());
        assert!(error.contains("not much"), "{error}");
    }
}
