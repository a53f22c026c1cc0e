//! Text fitted to columns of a terminal: wide characters count double, and nothing that a message holds can steer the
//! terminal.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.graphemes(true).map(|grapheme| grapheme.width()).sum()
}

/// The text with blanks up to a width.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Lines of at most so many columns, broken at blanks where there are any.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(&harmless(line), columns.max(2))).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for grapheme in line.graphemes(true) {
        if width(&current) + grapheme.width() > columns {
            let (full, rest) = split_at_blank(&current);
            lines.push(full);
            current = rest;
        }
        current.push_str(grapheme);
    }
    lines.push(current);
    lines
}

/// What stays on a full line and what moves to the next. One long word is broken where it stands.
fn split_at_blank(line: &str) -> (String, String) {
    match line.rfind(' ') {
        Some(at) if at > 0 => (line[..at].trim_end().to_owned(), line[at + 1..].to_owned()),
        _ => (line.to_owned(), String::new()),
    }
}

/// Characters that steer a terminal become pictures of themselves.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_and_emoji_sequences_count_two_columns() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("👩‍💻"), 2);
        assert_eq!(width("é"), 1);
        assert_eq!(pad("日本", 6), "日本  ");
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_break_anywhere() {
        assert_eq!(wrap("see you at noon", 8), ["see you", "at noon"]);
        assert_eq!(wrap("aaaabbbbcc", 4), ["aaaa", "bbbb", "cc"]);
        assert_eq!(wrap("世界人権宣言", 5), ["世界", "人権", "宣言"]);
        assert_eq!(wrap("one\n\ntwo", 9), ["one", "", "two"]);
    }

    #[test]
    fn no_line_is_wider_than_its_column() {
        let text = "すべての人間は、 生れながらにして 👩‍💻👩‍💻👩‍💻 free and equal 自由";
        for columns in 2..40 {
            assert!(wrap(text, columns).iter().all(|line| width(line) <= columns), "{columns}");
        }
    }

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        assert_eq!(wrap("\u{1b}[2Jgone", 20), ["␛[2Jgone"]);
        assert_eq!(wrap("\u{202e}evil", 20), ["\u{fffd}evil"]);
    }
}
