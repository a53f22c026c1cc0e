//! Being built: see [`api`].

pub mod api;
