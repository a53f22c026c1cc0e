//! The English catalogue: complete, kind, and not turned around by what is put into it.

use sotto_texts::{Saying, Texts, say};

const OPEN: char = '\u{2068}';
const CLOSE: char = '\u{2069}';

fn said(saying: &Saying) -> String {
    Texts::english().map_or_else(|error| error.to_string(), |texts| texts.of(saying))
}

#[test]
fn a_number_chooses_singular_or_plural() {
    let plain = |count| said(&say::list_unread(count)).replace([OPEN, CLOSE], "");
    assert_eq!(plain(1), "1 unread message");
    assert_eq!(plain(0), "0 unread messages");
    assert_eq!(plain(12_345), "12345 unread messages");
}

#[test]
fn a_hostile_name_stays_in_its_place() {
    let name = "\u{202e}evil";
    let sentence = said(&say::notice_blocked(name));
    assert_eq!(sentence, format!("{OPEN}{name}{CLOSE} is blocked."));
}

#[test]
fn a_name_that_looks_like_markup_is_only_a_name() {
    for name in ["{ $person }", "<b>x</b>", "{ -term }", "\"}"] {
        assert_eq!(said(&say::notice_blocked(name)), format!("{OPEN}{name}{CLOSE} is blocked."));
    }
}

#[test]
fn a_date_is_written_out() {
    let plain = said(&say::calendar_day_month_year(2, 11, "2026")).replace([OPEN, CLOSE], "");
    assert_eq!(plain, "2 November 2026");
}

// LOOK: short, kind, active; the protocol's words where a person meets them.
#[test]
fn words_keep_the_tone() {
    for (id, text) in sentences() {
        assert!(!text.contains('!'), "{id} raises its voice");
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        for word in ["oops", "Oops", "please", "Please", "sorry", "Sorry", "epoch", "node", "client", "error"]
        {
            assert!(!words.contains(&word), "{id} says {word:?}");
        }
        assert!(!text.contains("..") && !text.contains('…'), "{id} trails off");
        assert!(text.len() <= 220, "{id} is long: {}", text.len());
        assert!(!text.contains('\'') && !text.contains('"'), "{id}: quotes are “ ” and ’");
    }
}

fn sentences() -> Vec<(String, String)> {
    let catalogue = include_str!(concat!(env!("OUT_DIR"), "/en.ftl"));
    let lines = catalogue.lines().filter_map(|line| line.split_once(" = "));
    let messages = lines.filter(|(id, _)| !id.starts_with(['#', ' ']));
    messages.map(|(id, text)| (id.to_owned(), text.to_owned())).collect()
}

#[test]
fn every_message_of_the_files_is_known() {
    let known: Vec<String> = say::ALL.iter().map(ToString::to_string).collect();
    let texts = sentences();
    assert!(texts.len() > 200, "only {} were found", texts.len());
    for (id, _) in texts {
        assert!(known.contains(&id), "{id}");
    }
}
