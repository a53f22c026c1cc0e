//! What is to be said, before it is words.

use serde::Serialize;

/// A message of the catalogue with what is put into it; made by the functions in [`say`](crate::say).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Saying {
    pub(crate) id: &'static str,
    pub(crate) values: Vec<(&'static str, Value)>,
}

/// What is put into a sentence.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number: decides between singular and plural.
    Number(u64),
    /// A text, often of a person: set apart from the sentence.
    Text(String),
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Saying {
    /// Its name in the catalogue.
    pub fn id(&self) -> &'static str {
        self.id
    }
}

// Values may be names and texts of people.
impl std::fmt::Debug for Saying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Saying({})", self.id)
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value")
    }
}
