//! Bytes from outside: what is taken, what is refused, and why.

#![cfg(test)]

mod account;
mod content;
mod frames;
mod receipts;
mod topic;
