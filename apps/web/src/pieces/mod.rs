//! The small things screens are made of, one component a file.

mod avatar;
mod badge;
mod button;
mod choice;
mod empty;
mod field;
mod focus;
mod icon;
mod live;
mod name;
mod notices;
mod sheet;
mod skeleton;

pub(crate) use avatar::{AvatarSize, avatar};
pub(crate) use badge::badge;
pub(crate) use button::{Button, icon_button};
pub(crate) use choice::choice;
pub(crate) use empty::empty;
pub(crate) use field::{Field, wrong};
pub(crate) use focus::{focus_if_lost, give_back_focus};
pub(crate) use icon::{icon, mark, small_icon};
pub(crate) use live::live;
pub(crate) use name::{theirs, verified_mark};
pub(crate) use notices::notices;
pub(crate) use sheet::{modal, sheet};
pub(crate) use skeleton::{lines_skeleton, rows_skeleton};
