//! Everything Sotto says to a person, in one catalogue a language.
//!
//! The catalogue is Fluent, in `texts/`; [`say`] has one function for each of its messages, made from it when this crate
//! is built. They give a [`Saying`]: which message, with which values. [`Texts`] puts it into words, in the language of
//! the screen. So a saying can be kept, compared and said again in another language.
//!
//! What is put into a sentence is set apart from it (Unicode isolates): a name written from right to left, or made to
//! mislead, does not turn the sentence around.

mod saying;
mod texts;

pub use saying::{Saying, Value};
pub use texts::{CatalogueError, Texts};

/// One function a message.
pub mod say {
    use crate::{Saying, Value};

    include!(concat!(env!("OUT_DIR"), "/say.rs"));
}
