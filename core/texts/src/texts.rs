//! Sayings become words.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::langid;

use crate::saying::{Saying, Value};

const ENGLISH: &str = include_str!(concat!(env!("OUT_DIR"), "/en.ftl"));

/// A catalogue is not what it should be: a bug, found when this crate is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue cannot be read")]
pub struct CatalogueError;

/// The catalogue of one language.
pub struct Texts {
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// English.
    ///
    /// # Errors
    /// When the catalogue that was built in cannot be read.
    pub fn english() -> Result<Self, CatalogueError> {
        let resource = FluentResource::try_new(ENGLISH.to_owned()).map_err(|_| CatalogueError)?;
        let mut bundle = FluentBundle::new(vec![langid!("en")]);
        // What is put into a sentence never turns it around.
        bundle.set_use_isolating(true);
        bundle.add_resource(resource).map_err(|_| CatalogueError)?;
        Ok(Self { bundle })
    }

    /// The words for a saying. Should the language lack it, its name in the catalogue.
    pub fn of(&self, saying: &Saying) -> String {
        let Some(pattern) = self.bundle.get_message(saying.id).and_then(|message| message.value()) else {
            return saying.id.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in &saying.values {
            let value = match value {
                Value::Number(number) => FluentValue::from(*number),
                Value::Text(text) => FluentValue::from(text.as_str()),
            };
            arguments.set(*name, value);
        }
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}
