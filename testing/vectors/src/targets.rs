//! What a fuzzer calls: for each parser and each state machine one function that takes any bytes and panics if a
//! promise is broken. They also run as ordinary tests over their seeds and seeded mutations of them.
//!
//! Of every target: no input panics, and no input makes it take memory or time without end. What else a target promises
//! stands above its function.

mod client;
mod secrets;
mod server;
mod texts;
mod wire;

pub use client::{addresses, profile_socket};
pub use secrets::{envelope, franking, key_file, mls_message, mls_rows, mls_welcome, sealed};
pub use server::forwarded;
pub use texts::names;
pub use wire::{
    account_call, account_frame, authenticated_data, control_action, device_list, group_state, inbox_content,
    key_package, payload, receipt, topic_call, topic_frame,
};

use crate::families::{self, Family};
use crate::machines;

/// One function for a fuzzer.
pub struct Target {
    /// The name of its fuzz binary.
    pub name: &'static str,
    /// Takes any bytes; panics when a promise is broken.
    pub run: fn(&[u8]),
    /// What one call costs.
    pub cost: Cost,
    /// Which families of vectors are seeds.
    families: &'static [&'static str],
    /// Seeds of its own.
    own: fn() -> Vec<Vec<u8>>,
}

/// What one call costs: how often an ordinary test can afford it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Microseconds.
    Parser,
    /// A key exchange or a signature or two.
    Cryptography,
    /// A small world that lives and ends.
    Machine,
}

impl Target {
    const fn parser(name: &'static str, run: fn(&[u8]), families: &'static [&'static str]) -> Self {
        Self { name, run, cost: Cost::Parser, families, own: Vec::new }
    }

    const fn with(self, cost: Cost, own: fn() -> Vec<Vec<u8>>) -> Self {
        Self { cost, own, ..self }
    }

    const fn own(name: &'static str, run: fn(&[u8]), cost: Cost, own: fn() -> Vec<Vec<u8>>) -> Self {
        Self::parser(name, run, &[]).with(cost, own)
    }

    /// What a fuzzer begins with, each with a name.
    pub fn seeds(&self) -> Vec<(String, Vec<u8>)> {
        let families = families::all();
        let wanted = families.iter().filter(|family| self.families.contains(&family.name));
        let of_families = wanted.flat_map(seeds_of);
        let own = (self.own)().into_iter().enumerate();
        of_families.chain(own.map(|(number, bytes)| (format!("own-{number:02}"), bytes))).collect()
    }
}

fn seeds_of(family: &Family) -> Vec<(String, Vec<u8>)> {
    let named = |(number, vector): (usize, &families::Vector)| {
        (format!("{}-{number:02}", family.name), vector.bytes.to_vec())
    };
    family.vectors.iter().enumerate().map(named).collect()
}

/// Every target.
pub const ALL: &[Target] = &[
    Target::parser("account_call", account_call, &["account-calls"]),
    Target::parser("account_frame", account_frame, &["account-frames"]),
    Target::parser("topic_call", topic_call, &["topic-calls"]),
    Target::parser("topic_frame", topic_frame, &["topic-frames"]),
    Target::parser("control_action", control_action, &["control-actions"]),
    Target::parser("device_list", device_list, &["device-lists"]),
    Target::parser("key_package", key_package, &["key-packages"]),
    Target::parser("receipt", receipt, &["receipts"]),
    Target::parser("payload", payload, &["payloads", "contents"]),
    Target::parser("authenticated_data", authenticated_data, &["authenticated-data"]),
    Target::parser("group_state", group_state, &["group-states"]),
    Target::parser("inbox_content", inbox_content, &["inbox-contents"]),
    Target::own("names", names, Cost::Parser, texts::seeds),
    Target::own("envelope", envelope, Cost::Parser, secrets::envelope_seeds),
    Target::own("sealed", sealed, Cost::Cryptography, secrets::sealed_seeds),
    Target::own("franking", franking, Cost::Cryptography, secrets::franking_seeds),
    Target::own("key_file", key_file, Cost::Parser, secrets::key_file_seeds),
    Target::own("mls_message", mls_message, Cost::Cryptography, secrets::mls_message_seeds),
    Target::own("mls_welcome", mls_welcome, Cost::Cryptography, secrets::mls_welcome_seeds),
    Target::own("mls_rows", mls_rows, Cost::Cryptography, secrets::mls_rows_seeds),
    Target::own("profile_socket", profile_socket, Cost::Parser, client::profile_socket_seeds),
    Target::own("addresses", addresses, Cost::Parser, client::address_seeds),
    Target::own("forwarded", forwarded, Cost::Parser, server::forwarded_seeds),
    Target::own("websocket", machines::websocket::run, Cost::Parser, machines::websocket::seeds),
    Target::own("group", machines::group::run, Cost::Machine, machines::group::seeds),
    Target::own("service", machines::service::run, Cost::Machine, machines::service::seeds),
    Target::own("engine", machines::engine::run, Cost::Machine, machines::engine::seeds),
];
