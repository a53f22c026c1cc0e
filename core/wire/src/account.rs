//! The account plane, protocol §3.1: what an authenticated device asks and what the server answers.

mod call;
mod frame;

pub use call::{AccountCall, AccountRequest, Authenticate, PublishKeyPackages, Register};
pub use frame::{AccountFrame, AccountResponse, InboxItem, KeyPackageCount, LastResort};
