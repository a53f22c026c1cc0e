//! The settings as the table in `docs/operations/settings.md`.

use super::{Kind, Setting, TABLE};

const HEAD: &str = "\
# Settings of sottod

Every setting has one name. It is a flag (`--public-url`), an environment variable (`SOTTOD_PUBLIC_URL`) and a key
in the TOML file (`public-url = \"https://chat.example.org\"`). A flag beats the environment, the environment beats
the file, the file beats the default. Unknown keys and unknown `SOTTOD_…` variables are refused.

`sottod serve` and `sottod doctor` take every flag; the other commands take `--config` and `--data` and read the
rest from the environment and the file.

This page is made by the code: `sottod settings --markdown > docs/operations/settings.md`.

| flag | variable | TOML key | default | what it does |
|---|---|---|---|---|
";

/// The whole page.
pub(crate) fn markdown() -> String {
    let rows: String = TABLE.iter().map(row).collect();
    format!("{HEAD}{rows}")
}

fn row(setting: &Setting) -> String {
    let flag = match setting.kind {
        Kind::Switch => format!("`--{}`", setting.name),
        Kind::Value | Kind::OutsideFile => format!("`--{} {}`", setting.name, setting.value_name),
    };
    let key = match setting.kind {
        Kind::OutsideFile => "–".to_owned(),
        Kind::Value | Kind::Switch => format!("`{}`", setting.name),
    };
    let default = setting.default.map_or_else(|| "–".to_owned(), |default| format!("`{default}`"));
    let help = setting.help.trim().replace('|', "\\|");
    format!("| {flag} | `{}` | {key} | {default} | {help} |\n", setting.variable())
}
