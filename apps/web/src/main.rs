//! The web client's page: draws what the core in the worker tells, and passes on what a person does.
//!
//! No rule of the messenger is in here. Updates change signals ([`screens`]), signals draw components, components send
//! actions ([`app`]). Elements are made one by one with Leptos' builders: no text ever becomes markup, and nothing here
//! needs what a strict Content-Security-Policy with Trusted Types forbids.
//!
//! Reading order: [`app`], [`ahead`], [`screens`], [`keyed`]; [`words`]; [`keyboard`], [`geometry`] (plain arithmetic, tested
//! natively); [`browser`] (what is asked of the browser); then what is drawn: [`start`], [`window`], [`thread`],
//! [`pages`], made of [`pieces`].

#![cfg_attr(
    not(target_family = "wasm"),
    expect(dead_code, reason = "without a worker nothing is heard: natively only the arithmetic is tested")
)]

mod ahead;
mod app;
mod browser;
mod geometry;
mod icons;
mod keyboard;
mod keyed;
mod pages;
mod pieces;
mod screens;
#[cfg(feature = "showcase")]
mod script;
mod start;
mod thread;
mod window;
mod words;

fn main() {
    app::mount();
}
