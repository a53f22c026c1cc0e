//! From what the core says to what a person reads: all of it through the catalogue.

mod states;
mod time;
mod troubles;

pub(crate) use states::{last_line, own_state, send_failure, unreadable};
pub(crate) use time::{clock, day, when};
pub(crate) use troubles::{alarm, broken, connection, notice, refusal};

pub(crate) use sotto_texts::say;
use sotto_texts::{Saying, Texts};
use sotto_view::name::Person;

thread_local! {
    static TEXTS: Option<Texts> = Texts::english().ok();
}

/// The words for a saying.
pub(crate) fn words(saying: &Saying) -> String {
    TEXTS.with(|texts| texts.as_ref().map_or_else(|| saying.id().to_owned(), |texts| texts.of(saying)))
}

/// The words for a saying that is made here.
pub(crate) fn w(saying: Saying) -> String {
    words(&saying)
}

/// How a person is called: the name they chose, or the handle.
pub(crate) fn called(person: &Person) -> String {
    person.name.clone().or_else(|| handle(person)).unwrap_or_else(|| w(say::person_unknown()))
}

/// `@handle`, where it is known.
pub(crate) fn handle(person: &Person) -> Option<String> {
    person.handle.as_ref().map(|handle| format!("@{}", handle.as_str()))
}

/// Bytes, as a person counts them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..=999 => w(say::size_bytes(bytes)),
        1_000..=999_999 => w(say::size_kilobytes(bytes / 1_000)),
        1_000_000..=999_999_999 => w(say::size_megabytes(bytes / 1_000_000)),
        _ => w(say::size_gigabytes(bytes / 1_000_000_000)),
    }
}
