//! A person's round: first letters on a tint that stays the same for the same person.

use leptos::html::span;
use leptos::prelude::*;
use sotto_view::name::Person;
use unicode_segmentation::UnicodeSegmentation as _;

/// Tints there are.
const HUES: u32 = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AvatarSize {
    Small,
    Row,
    Large,
}

/// A person's round. Says nothing to a screen reader: the name stands beside it.
pub(crate) fn avatar(person: &Person, size: AvatarSize) -> AnyView {
    let class = match size {
        AvatarSize::Small => "avatar small",
        AvatarSize::Row => "avatar",
        AvatarSize::Large => "avatar large",
    };
    span()
        .class(class)
        .attr("data-hue", hue(person).to_string())
        .attr("aria-hidden", "true")
        .child(letters(person))
        .into_any()
}

fn hue(person: &Person) -> u32 {
    let handle = person.handle.as_ref().map_or("", |handle| handle.as_str());
    // FNV-1a: only has to spread.
    let hash =
        handle.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % HUES
}

fn letters(person: &Person) -> String {
    let from_name = person.name.as_deref().map(first_letters).filter(|letters| !letters.is_empty());
    let from_handle = || person.handle.as_ref().map(|handle| first_letters(handle.as_str()));
    from_name.or_else(from_handle).unwrap_or_else(|| "?".to_owned())
}

/// First letters of the first two words; letters and digits only, whatever else a name consists of.
fn first_letters(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut first = words.filter_map(|word| word.graphemes(true).next());
    let letter = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).collect::<String>();
    let start = first.next().map(letter).unwrap_or_default();
    let then = first.next().map(letter).unwrap_or_default();
    start + &then
}

#[cfg(test)]
mod tests {
    use super::first_letters;

    #[test]
    fn letters_come_from_the_first_two_words() {
        assert_eq!(first_letters("Ada Lovelace King"), "AL");
        assert_eq!(first_letters("bob.m"), "BM");
        assert_eq!(first_letters("žofie"), "Ž");
    }

    #[test]
    fn a_name_of_marks_and_turned_text_gives_no_strange_letter() {
        assert_eq!(first_letters("\u{202e}\u{0301}\u{0301}"), "");
        assert_eq!(first_letters("<b>"), "B");
        assert_eq!(first_letters(&format!("a{}", "\u{0301}".repeat(30_000))), "A");
    }
}
