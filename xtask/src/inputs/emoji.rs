//! Unicode's `emoji-test.txt`: one sequence a line, as code points.

use anyhow::Context as _;

/// Every sequence of the file, in its order: `1F469 200D 1F4BB ; fully-qualified # …`.
pub(crate) fn sequences(text: &str) -> anyhow::Result<Vec<String>> {
    let lines =
        text.lines().map(|line| line.split('#').next().unwrap_or("").trim()).filter(|line| !line.is_empty());
    lines.map(|line| sequence(line).with_context(|| format!("line {line:?}"))).collect()
}

fn sequence(line: &str) -> anyhow::Result<String> {
    let (points, _status) = line.split_once(';').context("no status")?;
    points
        .split_whitespace()
        .map(|point| {
            let number = u32::from_str_radix(point, 16)?;
            char::from_u32(number).with_context(|| format!("{point} is no character"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_of_several_characters_stays_one() {
        let text = "# group: People\n\n1F469 200D 1F4BB  ; fully-qualified # 👩‍💻 E4.0 woman technologist\n263A ; unqualified # ☺\n";
        assert_eq!(sequences(text).unwrap(), ["👩‍💻", "☺"]);
    }

    #[test]
    fn a_line_that_is_no_sequence_is_an_error_and_not_skipped() {
        assert!(sequences("D800 ; component # half a character").is_err());
        assert!(sequences("1F469 no status").is_err());
    }
}
