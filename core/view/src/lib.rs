//! Headless screens: what a person sees and can do, as plain data, drawn alike by terminal and web.
//!
//! A `View` (feature `engine`) stands beside the engine for one window. It takes an [`Action`] (what a person did) or what the engine
//! said, reads through the engine's queries, and gives commands for the engine and [`Update`]s for the screen. A screen
//! keeps plain values and lists, applies updates to them ([`diff::apply`]), draws, and sends actions back; it may run in
//! another thread or process, because everything here goes through serde. No type of a screen names a type of the
//! engine; ids are those of the wire.
//!
//! The view has no clock, no randomness and no I/O: the time and the person's time zone are arguments.
//!
//! Without the feature `engine` only the plain data is compiled: that is what a screen links.
//!
//! Reading order: [`update`] and [`action`] (the two directions); [`diff`]; one module a screen: [`start`],
//! [`conversations`], [`thread`], [`timeline`], [`composer`], [`contact`], [`settings`], [`alarms`], [`connection`],
//! [`notice`]; [`calendar`], [`name`] and [`text`] (time, people, what they wrote); [`words`] (how all of it is said).

pub mod action;
pub mod alarms;
pub mod calendar;
pub mod composer;
pub mod connection;
pub mod contact;
pub mod conversations;
pub mod diff;
pub mod keys;
pub mod limits;
pub mod name;
pub mod notice;
pub mod refusal;
pub mod settings;
pub mod start;
pub mod text;
pub mod thread;
pub mod timeline;
pub mod update;
pub mod words;

pub use action::Action;
pub use update::Update;

#[cfg(feature = "engine")]
mod view;

#[cfg(feature = "engine")]
pub use view::{Moment, Turn, View};
