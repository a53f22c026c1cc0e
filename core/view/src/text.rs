//! Texts of people, made fit to be drawn: nothing in them reaches beyond their own line or message.

use unicode_segmentation::UnicodeSegmentation;

use crate::conversations::Preview;
use crate::limits::{CLUSTER_CHARS_MAX, EMOJI_LARGE_MAX, PREVIEW_CHARS_MAX, STACK_MAX};
use crate::timeline::Text;

/// Old-style embeddings and overrides: they reorder letters, and nobody needs them to write a language.
fn overrides(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}')
}

fn isolates(c: char) -> bool {
    matches!(c, '\u{2066}'..='\u{2068}')
}

const POP: char = '\u{2069}';

/// A message as it may be drawn: line breaks and tabs stay, other control characters and overrides go, isolates end in
/// the paragraph in which they began.
pub fn message(text: &str) -> Text {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                close(&mut out, &mut depth);
                out.push('\n');
            }
            '\t' => out.push('\t'),
            c if c.is_control() || overrides(c) => {}
            POP if depth == 0 => {}
            POP => {
                depth -= 1;
                out.push(POP);
            }
            c => {
                depth += usize::from(isolates(c));
                out.push(c);
            }
        }
    }
    close(&mut out, &mut depth);
    let text = without_towers(out);
    let large = is_large(&text);
    Text { text, large }
}

/// No character stands on so many others that drawing it takes seconds; what is left out is marked.
fn without_towers(text: String) -> String {
    let stacks = |c: char| !c.is_ascii() && !c.is_alphanumeric();
    let mut run = 0;
    let towers = text.chars().any(|c| {
        run = if stacks(c) { run + 1 } else { 0 };
        run > CLUSTER_CHARS_MAX
    });
    if !towers {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        match cluster.char_indices().nth(CLUSTER_CHARS_MAX) {
            Some((end, _)) => out.extend([&cluster[..end], "…"]),
            None => out.push_str(cluster),
        }
    }
    out
}

fn close(out: &mut String, depth: &mut usize) {
    out.extend(std::iter::repeat_n(POP, *depth));
    *depth = 0;
}

/// The beginning of a text in one line.
pub fn preview(text: &str) -> Preview {
    Preview(line(text, PREVIEW_CHARS_MAX))
}

/// A name in one line; none when nothing of it can be drawn.
pub fn name(text: &str) -> Option<String> {
    let line = line(text, PREVIEW_CHARS_MAX);
    (!line.is_empty()).then_some(line)
}

// White space of any kind becomes one blank; whatever stacks up or steers goes.
fn line(text: &str, chars_max: usize) -> String {
    // A character may have any number of code points: look at no more than could be shown.
    let shown = text.char_indices().nth(chars_max * STACK_MAX * 4).map_or(text, |(end, _)| &text[..end]);
    let mut out = String::new();
    let mut chars = 0;
    for cluster in shown.graphemes(true) {
        if cluster.chars().all(|c| c.is_whitespace() || c == '\u{85}') {
            if !out.is_empty() && !out.ends_with(' ') && chars < chars_max {
                chars += 1;
                out.push(' ');
            }
            continue;
        }
        let steers = |c: char| c.is_control() || overrides(c) || isolates(c) || c == POP;
        let kept: String = cluster.chars().filter(|c| !steers(*c)).take(STACK_MAX).collect();
        if kept.is_empty() {
            continue;
        }
        if chars == chars_max {
            out.truncate(out.trim_end().len());
            out.push('…');
            return out;
        }
        chars += 1;
        out.push_str(&kept);
    }
    out.truncate(out.trim_end().len());
    out
}

fn is_large(text: &str) -> bool {
    let mut count = 0;
    for cluster in text.trim().graphemes(true) {
        count += 1;
        if count > EMOJI_LARGE_MAX || !is_emoji(cluster) {
            return false;
        }
    }
    count > 0
}

// The blocks that hold emoji; digits and letters with a keycap or tag are left small.
fn is_emoji(cluster: &str) -> bool {
    let mut code_points = cluster.chars();
    let first = code_points.next().is_some_and(|c| {
        matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b05}'..='\u{2b55}' | '\u{231a}'..='\u{231b}' | '\u{23e9}'..='\u{23fa}')
    });
    first && cluster.chars().count() <= STACK_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_does_not_turn_what_follows() {
        assert_eq!(message("a\u{202e}gpj.exe").text, "agpj.exe");
        assert_eq!(preview("a\u{202e}b\u{2066}c").0, "abc");
        assert_eq!(name("\u{202e}\u{2066}"), None);
    }

    #[test]
    fn an_isolate_ends_with_its_paragraph() {
        assert_eq!(message("\u{2067}abc\ndef").text, "\u{2067}abc\u{2069}\ndef");
        assert_eq!(message("a\u{2069}\u{2069}b").text, "ab", "nothing is closed that was not opened");
        assert_eq!(message("\u{2068}a\u{2069}b").text, "\u{2068}a\u{2069}b");
    }

    #[test]
    fn control_characters_go_and_line_breaks_stay() {
        assert_eq!(message("a\u{1b}[2Jb\u{0}\r\nc\rd\te\u{2028}f").text, "a[2Jb\nc\nd\te\nf");
        assert_eq!(preview("  a \n\n\t b\u{7}  ").0, "a b");
    }

    #[test]
    fn a_preview_is_one_short_line() {
        let long = preview(&"wort ".repeat(1_000)).0;
        assert_eq!(
            long.graphemes(true).count(),
            PREVIEW_CHARS_MAX,
            "24 words, 23 blanks between them, and the sign"
        );
        assert!(long.ends_with("wort…"));
        assert_eq!(preview(&"x".repeat(PREVIEW_CHARS_MAX)).0, "x".repeat(PREVIEW_CHARS_MAX));
    }

    // One character of 64 kB: a letter under a tower of accents.
    #[test]
    fn a_tower_of_accents_is_cut_where_it_is_drawn() {
        let tower = format!("a{}b", "\u{301}".repeat(32_000));
        assert!(preview(&tower).0.chars().count() <= STACK_MAX + 2);
        let drawn = message(&tower);
        assert_eq!(drawn.text, format!("a{}…b", "\u{301}".repeat(CLUSTER_CHARS_MAX - 1)));
        assert!(!drawn.large);
    }

    #[test]
    fn what_people_write_has_no_towers() {
        let family = "👩🏽‍🚀👨‍👩‍👧‍👦".repeat(40);
        let scripts = "नमस्ते ཧྐྵྨླྺྼྻྂ Ṩ̱̺͍̎ 日本語".repeat(40);
        for text in [family, scripts, "é".repeat(64), "—".repeat(64)] {
            assert_eq!(message(&text).text, text);
        }
    }

    #[test]
    fn a_few_emoji_alone_are_large() {
        for large in ["👍", "👩🏽‍🚀👍", " 🎉🎉🎉 ", "❤\u{fe0f}"] {
            assert!(message(large).large, "{large}");
        }
        for small in ["", "ok", "👍 ok", "1", "🎉🎉🎉🎉🎉🎉🎉"] {
            assert!(!message(small).large, "{small}");
        }
    }

    #[test]
    fn script_is_only_text() {
        let script = "<script>alert(1)</script>";
        assert_eq!(message(script).text, script);
        assert_eq!(preview(script).0, script);
    }
}
