//! People as screens name them.

use serde::{Deserialize, Serialize};
use sotto_wire::ids::Handle;

/// How a person is called. The name is theirs to choose and proves nothing; the handle is what the server vouches for.
/// Neither reaches a log: `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Without `@`. None: not looked up yet.
    pub handle: Option<Handle>,
    /// The name they chose: one line, no control characters, nothing that turns the text around it.
    pub name: Option<String>,
    /// Whether independent evidence, or the person at the screen, ties the handle to the account.
    pub verified: bool,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}
