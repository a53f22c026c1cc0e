//! Other people's texts on a terminal: shown, never obeyed.
//!
//! A message may hold escape sequences that recolour, move or retitle the terminal, and bidirectional overrides that
//! make it read as something else. On the screen each becomes a visible mark; `--json` gives the exact text.

use std::fmt::Write;

/// A text for the screen, line breaks and tabs kept.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            _ => push(&mut out, c),
        }
    }
    out
}

/// A text for the screen that stays on its line: names, and everything in a table.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    out
}

/// A text of several lines, so that none of them can pass for a line of ours.
pub(crate) fn indented(message: &str, indent: &str) -> String {
    text(message).replace('\n', &format!("\n{indent}"))
}

fn push(out: &mut String, c: char) {
    match c {
        // Control pictures: ␀ for U+0000 and so on.
        '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
        '\u{7f}' => out.push('␡'),
        _ if is_deceptive(c) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
        }
        _ => out.push(c),
    }
}

/// C1 controls, line separators, and marks that change the order of what is shown. Plain direction marks, joiners and
/// variation selectors stay: scripts and emoji need them.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_not_obeyed() {
        assert_eq!(text("\u{1b}]0;title\u{7}"), "␛]0;title␇");
        assert_eq!(text("\u{1b}[2J\u{9b}31mred"), "␛[2J⟨U+009B⟩31mred");
        assert_eq!(text("over\rwritten\u{8}\u{7f}"), "over␍written␈␡");
    }

    #[test]
    fn what_reads_backwards_is_marked() {
        assert_eq!(text("\u{202e}gpj.exe\u{202c}"), "⟨U+202E⟩gpj.exe⟨U+202C⟩");
        assert_eq!(text("a\u{2067}b\u{2069}"), "a⟨U+2067⟩b⟨U+2069⟩");
    }

    #[test]
    fn ordinary_texts_of_all_scripts_stay_as_they_are() {
        for ordinary in
            ["Grüße", "مرحبا", "שלום\u{200f}", "नमस्ते", "👩\u{200d}💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "क्‍ष", "tab\tand\nline"]
        {
            assert_eq!(text(ordinary), ordinary);
        }
    }

    #[test]
    fn no_line_of_a_message_passes_for_one_of_ours() {
        assert_eq!(indented("one\n12:00 @alice: two", "    "), "one\n    12:00 @alice: two");
        assert_eq!(line("one\ntwo\u{2028}three"), "one␊two⟨U+2028⟩three");
    }

    #[test]
    fn nothing_that_acts_on_a_terminal_gets_through() {
        let everything: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        let shown = line(&everything);
        assert!(!shown.chars().any(|c| c.is_control() || is_deceptive(c)));
    }
}
