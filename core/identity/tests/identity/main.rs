//! Which device lists and key packages are believed.

#![cfg(test)]

mod account;
mod chain;
mod chain_properties;
mod key_packages;
