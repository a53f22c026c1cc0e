//! The settings as command-line flags, made from the table.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{Kind, PLACES, Setting, TABLE};

/// Flags that were given, by setting.
pub(crate) type Given = BTreeMap<&'static str, String>;

/// A flag for every setting.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllFlags(pub(crate) Given);

/// Flags for the settings that say where things are.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlaceFlags(pub(crate) Given);

/// The same, and how people reach the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct InviteFlags(pub(crate) Given);

fn argument(setting: &'static Setting) -> Arg {
    let mut help = format!("{} [env: {}]", setting.help.trim(), setting.variable());
    if let Some(default) = setting.default {
        help.push_str(&format!(" [default: {default}]"));
    }
    let argument = Arg::new(setting.name).long(setting.name).value_name(setting.value_name).help(help);
    match setting.kind {
        Kind::Switch => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Kind::Value | Kind::OutsideFile => argument,
    }
}

fn given(matches: &ArgMatches, settings: impl Iterator<Item = &'static Setting>) -> Given {
    settings
        .filter_map(|setting| Some((setting.name, matches.get_one::<String>(setting.name)?.clone())))
        .collect()
}

fn all() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter()
}

fn places() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().filter(|setting| PLACES.contains(&setting.name))
}

fn places_and_url() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().filter(|setting| PLACES.contains(&setting.name) || setting.name == "public-url")
}

macro_rules! arguments {
    ($type:ident, $settings:ident) => {
        impl Args for $type {
            fn augment_args(command: Command) -> Command {
                command.args($settings().map(argument))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $type {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(given(matches, $settings())))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

arguments!(AllFlags, all);
arguments!(PlaceFlags, places);
arguments!(InviteFlags, places_and_url);
