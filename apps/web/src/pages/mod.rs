//! Pages beside the conversations: a person, settings, what the server knows, alarms.

mod account;
mod alarm_text;
mod alarms;
mod contact;
mod device;
mod erase;
mod server_knows;
mod settings;

pub(crate) use alarm_text::alarm_text;
pub(crate) use alarms::alarms;
pub(crate) use contact::contact;
pub(crate) use erase::erase;
pub(crate) use server_knows::server_knows;
pub(crate) use settings::settings;
