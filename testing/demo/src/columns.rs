//! One moment of the conversation as three columns, or as plain lines when nobody's terminal shows them.

use std::io::IsTerminal as _;

use crate::text::{pad, wrap};

/// What the three parties have at one moment.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    /// What has just happened.
    pub(crate) title: String,
    pub(crate) alice: Vec<String>,
    pub(crate) server: Vec<String>,
    pub(crate) bob: Vec<String>,
}

/// How moments are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Side by side on a terminal of this many columns.
    Columns(usize),
    /// One after the other: for a pipe, a log, or a terminal too narrow for three.
    Plain,
}

const HEADINGS: [&str; 3] = ["@alice sees", "the server holds", "@bob sees"];
const SEPARATOR: &str = " │ ";
/// Narrower than this, hex in the middle would be a ribbon.
const COLUMNS_MIN: usize = 72;
const COLUMNS_MAX: usize = 160;

impl Shape {
    /// Columns on a terminal that is wide enough.
    pub(crate) fn detect() -> Self {
        let terminal = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal());
        terminal.map_or(Self::Plain, |(width, _)| Self::for_width(width.0.into()))
    }

    fn for_width(columns: usize) -> Self {
        if columns < COLUMNS_MIN { Self::Plain } else { Self::Columns(columns.min(COLUMNS_MAX)) }
    }
}

/// The moment as text that ends with a line break.
pub(crate) fn render(moment: &Moment, shape: Shape) -> String {
    let parties = [&moment.alice, &moment.server, &moment.bob];
    match shape {
        Shape::Columns(width) => side_by_side(&moment.title, parties, width),
        Shape::Plain => one_after_the_other(&moment.title, parties),
    }
}

fn side_by_side(title: &str, parties: [&Vec<String>; 3], width: usize) -> String {
    let widths = widths(width);
    let cells: Vec<Vec<String>> =
        parties.iter().zip(widths).map(|(lines, width)| cell(lines, width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: &dyn Fn(usize) -> String| {
        let cells: Vec<String> =
            widths.iter().enumerate().map(|(index, width)| pad(&at(index), *width)).collect();
        format!("{}\n", cells.join(SEPARATOR).trim_end())
    };
    let rule = widths.map(|width| "─".repeat(width)).join("─┼─");
    let mut text = format!("\n{title}\n");
    text.push_str(&row(&|index| HEADINGS[index].to_owned()));
    text.push_str(&format!("{rule}\n"));
    for line in 0..height {
        text.push_str(&row(&|index| cells[index].get(line).cloned().unwrap_or_default()));
    }
    text
}

/// The server has most to show: half of the room.
fn widths(width: usize) -> [usize; 3] {
    let room = width - 2 * SEPARATOR.chars().count();
    let side = room / 4;
    [side, room - 2 * side, side]
}

fn cell(lines: &[String], width: usize) -> Vec<String> {
    lines.iter().flat_map(|line| wrap(line, width)).collect()
}

fn one_after_the_other(title: &str, parties: [&Vec<String>; 3]) -> String {
    let mut text = format!("\n{title}\n");
    for (heading, lines) in HEADINGS.iter().zip(parties) {
        text.push_str(&format!("  {heading}\n"));
        for line in cell(lines, COLUMNS_MAX) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    fn moment() -> Moment {
        Moment {
            title: "@alice writes".into(),
            alice: vec!["@alice: 世界人権宣言を読みました、とても良い".into()],
            server: vec!["+ entries: body 8f00a1…".into(), "a second row".into()],
            bob: vec!["@alice: 👩‍💻 hello".into()],
        }
    }

    #[test]
    fn columns_fit_the_terminal_and_line_up_under_wide_characters() {
        for columns in [72, 80, 117, 160] {
            let text = render(&moment(), Shape::Columns(columns));
            let separators = |line: &str| -> Vec<usize> {
                line.match_indices('│').map(|(at, _)| width(&line[..at])).collect()
            };
            let rows: Vec<&str> = text.lines().filter(|line| line.contains('│')).collect();
            assert!(rows.len() > 2);
            assert!(text.lines().all(|line| width(line) <= columns), "{text}");
            assert!(rows.iter().all(|row| separators(row) == separators(rows[0])), "{text}");
        }
    }

    #[test]
    fn every_party_is_shown_when_piped_without_any_drawing() {
        let text = render(&moment(), Shape::Plain);
        assert!(text.is_ascii() || !text.contains(['│', '─', '\u{1b}']));
        for part in ["@alice sees\n", "the server holds\n", "@bob sees\n", "    a second row\n", "👩‍💻 hello"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_narrow_terminal_gets_plain_lines() {
        assert_eq!(Shape::for_width(40), Shape::Plain);
        assert_eq!(Shape::for_width(400), Shape::Columns(COLUMNS_MAX));
    }
}
