//! docs/cli.md agrees with the program: its tables are made from clap's definition, its fields are those that are printed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory, ValueEnum};
use serde_json::Value;
use sotto_engine::api::{
    Alarm, AlarmKind, ConversationView, Event, MessageState, MessageView, OutboxKind, OutboxState, Plane,
    Refusal, Standing,
};
use sotto_native::{ConnectTrouble, KeyStorage, Notice, StorageTrouble};
use sotto_wire::ids::{AccountId, DeviceId, MessageId, Millis, Minute};

use crate::cli::Cli;
use crate::failure::{Code, Failure};
use crate::record::{EventRecord, Outcome};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md")
}

fn page() -> String {
    std::fs::read_to_string(path()).unwrap()
}

/// The page with every table made anew.
fn with_tables(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<!-- table: ") {
        let (name, after) = after.split_once(" -->").unwrap();
        let (_, after) = after.split_once("<!-- end -->").unwrap();
        out += &format!("{before}<!-- table: {name} -->\n{}<!-- end -->", table(name));
        rest = after;
    }
    out + rest
}

fn table(name: &str) -> String {
    let mut root = Cli::command();
    root.build();
    match name {
        "commands" => {
            let commands = root.get_subcommands().filter(|command| command.get_name() != "help");
            rows(
                "command",
                commands.map(|command| (format!("sotto {}", command.get_name()), plain(command.get_about()))),
            )
        }
        "global" => rows("option", Cli::command().get_arguments().filter(|arg| arg.is_global_set()).map(row)),
        "codes" => rows(
            "code",
            Code::value_variants()
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .map(|code| (code.get_name().to_owned(), plain(code.get_help()))),
        ),
        command => {
            let command =
                root.find_subcommand(command).unwrap_or_else(|| panic!("there is no command {command}"));
            format!(
                "{}\n\n{}",
                plain(command.get_about()),
                rows("argument or option", own_arguments(command).map(row))
            )
        }
    }
}

fn own_arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help")
}

fn row(arg: &Arg) -> (String, String) {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let name = match (arg.get_long(), value, arg.get_action().takes_values()) {
        (Some(long), Some(value), true) => format!("--{long} {value}"),
        (Some(long), _, _) => format!("--{long}"),
        (None, value, _) => value.unwrap(),
    };
    let default = arg.get_default_values().first().and_then(|value| value.to_str());
    let default = default.filter(|_| arg.get_action().takes_values() && !arg.is_hide_default_value_set());
    let help = plain(arg.get_help());
    (name, default.map_or_else(|| help.clone(), |default| format!("{help} (default: {default})")))
}

fn rows(head: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let rows: String =
        rows.map(|(name, text)| format!("| `{name}` | {} |\n", text.replace('|', "\\|"))).collect();
    if rows.is_empty() { String::new() } else { format!("| {head} | means |\n|---|---|\n{rows}") }
}

fn plain(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().replace('\n', " ")
}

#[test]
fn the_tables_are_those_of_the_program() {
    let page = page();
    let fresh = with_tables(&page);
    let wrong = page.lines().zip(fresh.lines()).find(|(old, new)| old != new);
    assert!(
        page == fresh,
        "docs/cli.md is stale at {wrong:?}: cargo test -p sotto -- --ignored write_the_tables"
    );
}

#[test]
#[ignore = "rewrites docs/cli.md"]
fn write_the_tables() {
    std::fs::write(path(), with_tables(&page())).unwrap();
}

#[test]
fn every_command_has_its_section_and_no_section_lacks_its_command() {
    let sections: BTreeSet<String> =
        page().lines().filter_map(|line| line.strip_prefix("### sotto ").map(str::to_owned)).collect();
    let commands: BTreeSet<String> =
        Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
    assert_eq!(sections, commands);
    assert!(commands.iter().all(|command| page().contains(&format!("<!-- table: {command} -->"))));
}

/// Fields that the section of a type lists.
fn documented(page: &str, r#type: &str) -> BTreeSet<String> {
    let (_, section) =
        page.split_once(&format!("\n### {type}\n")).unwrap_or_else(|| panic!("no section for {type}"));
    let section = section.split("\n#").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|cell| cell.split('`').next()).map(str::to_owned).collect()
}

fn message() -> MessageView {
    MessageView {
        id: MessageId::new([1; 16]),
        conversation: None,
        sender: AccountId::new([1; 32]),
        sender_handle: None,
        own: false,
        text: None,
        sent_at: Millis(0),
        minute: None,
        state: MessageState::Received,
        failure: None,
    }
}

fn events() -> Vec<Notice> {
    let conversation = ConversationView {
        id: None,
        peer: None,
        handle: None,
        display_name: None,
        verified: false,
        standing: Standing::Open,
        last: Some(message()),
        waiting: 0,
    };
    let alarm =
        Alarm { id: 1, kind: AlarmKind::LogFork, conversation: None, at: Millis(0), acknowledged: false };
    let state =
        Event::MessageState { message: MessageId::new([1; 16]), state: MessageState::Queued, failure: None };
    let outbox = Event::Outbox { item: 1, kind: OutboxKind::Message, state: OutboxState::Done, topic: None };
    let events = [
        Event::Message { message: message() },
        Event::Conversation { conversation },
        Event::Alarm { alarm },
        state,
        outbox,
        Event::Online,
        Event::Offline { plane: Plane::Topic, retry_at: None },
        Event::ClockOff { local: Minute(0), server: Minute(0) },
        Event::ServerRefused { refusal: Refusal::ServerTooNew },
    ];
    let mut notices: Vec<Notice> = events.map(|event| Notice::Event { event: Box::new(event) }).into();
    notices.extend([
        Notice::Connection { plane: Plane::Topic, trouble: ConnectTrouble::Refused },
        Notice::Storage { trouble: StorageTrouble::Full },
        Notice::Missed,
        Notice::Resumed,
    ]);
    notices
}

fn outcomes() -> Vec<Value> {
    let (account, server, handle) = (AccountId::new([1; 32]), "", String::new());
    let outcomes = [
        Outcome::Account {
            handle: handle.clone(),
            display_name: None,
            account,
            device: DeviceId::new([1; 16]),
            server,
            registered: true,
            independently_witnessed: false,
        },
        Outcome::RecoveryWords { words: &[] },
        Outcome::Registered { account, handle, server },
        Outcome::Synced { received: 0, waiting: 0 },
        Outcome::Done,
        Outcome::Key { storage: KeyStorage::Keyring },
        Outcome::Check { check: "", ok: true, detail: "", way_out: None },
        Outcome::Moved { file: String::new() },
    ];
    outcomes.iter().map(|outcome| serde_json::to_value(outcome).unwrap()).collect()
}

#[test]
fn every_field_that_is_printed_is_documented_and_no_other() {
    let page = page();
    let mut printed = outcomes();
    printed.extend(events().iter().map(|notice| serde_json::to_value(EventRecord::from(notice)).unwrap()));
    printed.push(serde_json::to_value(Failure::no_account().record()).unwrap());
    for object in printed {
        let fields: BTreeSet<String> = object.as_object().unwrap().keys().cloned().collect();
        let r#type = object["type"].as_str().unwrap();
        assert_eq!(documented(&page, r#type), fields, "fields of {type}");
    }
}

#[test]
fn codes_are_written_the_same_everywhere() {
    for code in Code::value_variants() {
        let name = code.to_possible_value().unwrap();
        assert_eq!(serde_json::to_value(code).unwrap(), name.get_name());
    }
}
