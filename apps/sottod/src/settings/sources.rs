//! Where settings come from: flags before environment before file before defaults. Nothing unknown passes.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use super::{Kind, PREFIX, Setting, TABLE, flags::Given, values::Value};

/// Where a setting's text stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag,
    Variable,
    File(PathBuf),
    Default,
}

/// Where each setting came from.
pub(crate) type Origins = BTreeMap<&'static str, Origin>;

/// Settings that cannot be used, each with what is wrong.
#[derive(Debug)]
pub(crate) struct SettingsError {
    pub(crate) problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for SettingsError {}

/// The text of each setting that has one.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    found: BTreeMap<&'static str, (String, Origin)>,
}

impl Texts {
    pub(super) fn read<T: Value>(&self, name: &'static str, problems: &mut Vec<String>) -> Option<T> {
        let Some((text, origin)) = self.found.get(name) else { return T::absent() };
        match T::read(text) {
            Ok(value) => Some(value),
            Err(expected) => {
                problems.push(format!("{}: {text:?} is not {expected}", origin.place(name)));
                None
            }
        }
    }

    pub(super) fn origins(&self) -> Origins {
        self.found.iter().map(|(name, (_, origin))| (*name, origin.clone())).collect()
    }

    /// Keeps a text unless a source of higher precedence gave one already.
    fn offer(&mut self, name: &'static str, text: String, origin: Origin) {
        self.found.entry(name).or_insert((text, origin));
    }

    /// What holds where no source said anything.
    fn offer_defaults(&mut self) {
        for setting in TABLE {
            if let Some(default) = setting.default {
                self.offer(setting.name, default.to_owned(), Origin::Default);
            }
        }
    }
}

impl Origin {
    fn place(&self, name: &str) -> String {
        match self {
            Self::Flag => format!("--{name}"),
            Self::Variable => setting(name).map(Setting::variable).unwrap_or_default(),
            Self::File(path) => format!("{}: {name}", path.display()),
            Self::Default => format!("default of {name}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Collects the text of every setting.
pub(super) fn collect(
    flags: &Given,
    environment: Vec<(OsString, OsString)>,
    default_config: &Option<PathBuf>,
) -> Result<Texts, SettingsError> {
    let mut texts = Texts::default();
    let mut problems = Vec::new();
    for (name, text) in flags {
        texts.offer(name, text.clone(), Origin::Flag);
    }
    read_environment(environment, &mut texts, &mut problems);
    let config = texts.found.get("config").map(|(text, _)| PathBuf::from(text));
    if let Some(path) = config.or_else(|| default_config.clone()) {
        read_file(&path, &mut texts, &mut problems);
    }
    texts.offer_defaults();
    if problems.is_empty() { Ok(texts) } else { Err(SettingsError { problems }) }
}

fn read_environment(environment: Vec<(OsString, OsString)>, texts: &mut Texts, problems: &mut Vec<String>) {
    for (variable, text) in environment {
        let variable = variable.to_string_lossy();
        if !variable.starts_with(PREFIX) {
            continue;
        }
        let Some(setting) = TABLE.iter().find(|setting| setting.variable() == variable) else {
            let known = TABLE.iter().map(Setting::variable);
            problems.push(format!("environment: unknown variable {variable}{}", nearest(&variable, known)));
            continue;
        };
        match text.into_string() {
            Ok(text) => texts.offer(setting.name, text, Origin::Variable),
            Err(_) => problems.push(format!("{variable}: not UTF-8")),
        }
    }
}

fn read_file(path: &Path, texts: &mut Texts, problems: &mut Vec<String>) {
    match std::fs::read_to_string(path) {
        Ok(text) => read_text(&text, path, texts, problems),
        Err(error) => problems.push(format!("cannot read settings from {}: {error}", path.display())),
    }
}

fn read_text(text: &str, path: &Path, texts: &mut Texts, problems: &mut Vec<String>) {
    let file = path.display();
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return problems.push(format!("{file} is not TOML: {}", error.to_string().trim_end())),
    };
    for (key, value) in table {
        let Some(setting) = setting(&key).filter(|setting| setting.kind != Kind::OutsideFile) else {
            let known = TABLE.iter().filter(|setting| setting.kind != Kind::OutsideFile);
            let hint = nearest(&key, known.map(|setting| setting.name.to_owned()));
            problems.push(format!("{file}: unknown key {key}{hint}"));
            continue;
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(switch) => switch.to_string(),
            _ => {
                problems.push(format!("{file}: {key} must be a text, a number, or true or false"));
                continue;
            }
        };
        texts.offer(setting.name, text, Origin::File(path.to_owned()));
    }
}

fn setting(name: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|setting| setting.name == name)
}

/// The known name most like an unknown one.
fn nearest(unknown: &str, known: impl Iterator<Item = String>) -> String {
    known
        .map(|name| (strsim::normalized_damerau_levenshtein(unknown, &name), name))
        .filter(|(likeness, _)| *likeness > 0.5)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or_else(String::new, |(_, name)| format!(", did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::super::{LogLevel, Settings};
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, text)| (name.into(), text.into())).collect()
    }

    fn load(
        flags: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        file: &str,
    ) -> Result<Settings, Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sottod.toml");
        std::fs::write(&path, file).unwrap();
        let flags: Given = flags.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let clean = |error: SettingsError| {
            error
                .problems
                .iter()
                .map(|problem| problem.replace(path.to_str().unwrap(), "FILE"))
                .collect::<Vec<_>>()
        };
        collect(&flags, environment(variables), &Some(path.clone()))
            .and_then(|texts| Settings::read(&texts))
            .map_err(clean)
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let file = "log = \"debug\"\nconnections-max = 5\nbehind-proxy = true\n";
        let variables = [("SOTTOD_LOG", "warn"), ("SOTTOD_CONNECTIONS_MAX", "6"), ("HOME", "/")];
        let settings = load(&[("log", "error")], &variables, file).unwrap();
        assert_eq!(settings.log, LogLevel::Error);
        assert_eq!(settings.connections_max, 6);
        assert_eq!(settings.behind_proxy, super::super::Switch::On);
        assert_eq!(settings.work_bits, 18);
        assert_eq!(settings.origins["log"], Origin::Flag);
        assert_eq!(settings.origins["connections-max"], Origin::Variable);
        assert!(matches!(settings.origins["behind-proxy"], Origin::File(_)));
        assert_eq!(settings.origins["work-bits"], Origin::Default);
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest_known_one() {
        let problems =
            load(&[], &[("SOTTOD_LISTN", "x")], "public_url = 'x'\n[tls]\ncert = 'x'\n").unwrap_err();
        assert_eq!(
            problems,
            [
                "environment: unknown variable SOTTOD_LISTN, did you mean SOTTOD_LISTEN?",
                "FILE: unknown key public_url, did you mean public-url?",
                "FILE: unknown key tls",
            ]
        );
        let problems = load(&[], &[], "config = 'other.toml'").unwrap_err();
        assert_eq!(problems, ["FILE: unknown key config"], "a file does not name another file");
    }

    #[test]
    fn every_wrong_value_is_named_with_its_place() {
        let problems =
            load(&[("listen", "here")], &[("SOTTOD_PING_AFTER", "soon")], "work-bits = -1\nlog = [1]")
                .unwrap_err();
        assert_eq!(problems, ["FILE: log must be a text, a number, or true or false"]);
        let problems =
            load(&[("listen", "here")], &[("SOTTOD_PING_AFTER", "soon")], "work-bits = -1").unwrap_err();
        assert_eq!(
            problems,
            [
                "--listen: \"here\" is not an address with a port, like 127.0.0.1:7688 or [::]:443",
                "FILE: work-bits: \"-1\" is not a number",
                "SOTTOD_PING_AFTER: \"soon\" is not a time, like 500ms, 30s, 5m, 12h or 7d",
            ]
        );
    }

    #[test]
    fn a_file_that_is_missing_or_broken_is_refused() {
        let problems = load(&[("config", "/nowhere/sottod.toml")], &[], "").unwrap_err();
        assert!(problems[0].starts_with("cannot read settings from /nowhere/sottod.toml: "), "{problems:?}");
        let problems = load(&[], &[], "listen = ").unwrap_err();
        assert!(problems[0].starts_with("FILE is not TOML: "), "{problems:?}");
    }

    /// A file with a few small changes, of the kind a tired hand or a failing disk makes.
    fn damaged(file: &str, random: &mut impl FnMut(usize) -> usize) -> String {
        let mut characters: Vec<char> = file.chars().collect();
        for _ in 0..=random(4) {
            let place = random(characters.len() + 1);
            let new = ['"', '=', '\n', '[', ']', '-', '9', 'x', '\u{0}', 'é', '#', '.'][random(12)];
            match random(4) {
                0 => characters.insert(place, new),
                1 if place < characters.len() => characters[place] = new,
                2 if place < characters.len() => drop(characters.remove(place)),
                _ => characters.extend_from_within(..random(place + 1)),
            }
        }
        characters.into_iter().collect()
    }

    // What a fuzz target would promise; the text is the operator's own, so a test is enough.
    #[test]
    fn whatever_a_file_says_is_read_or_each_problem_is_named() {
        let table: String = TABLE
            .iter()
            .filter(|setting| setting.kind != Kind::OutsideFile)
            .filter_map(|setting| Some(format!("{} = \"{}\"\n", setting.name, setting.default?)))
            .collect();
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut read = 0;
        for _ in 0..3_000 {
            let file = damaged(&table, &mut random);
            let (mut texts, mut problems) = (Texts::default(), Vec::new());
            read_text(&file, Path::new("FILE"), &mut texts, &mut problems);
            texts.offer_defaults();
            match Settings::read(&texts) {
                Ok(_) => read += 1,
                Err(error) => assert!(!error.problems.is_empty() || !problems.is_empty(), "{file}"),
            }
        }
        assert!(read > 0, "no damaged file was still good: the test damages too much");
    }
}
