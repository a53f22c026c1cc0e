//! How many tests passed and failed, read from what the runners print.

use std::fmt;
use std::ops::Add;

/// Tests of one or several runners. Prints as the plain line that scripts read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Sums the closing lines of `cargo nextest run` and `cargo test` in an output. `None`: there is none, so nothing
/// is known about any test.
pub(crate) fn read(output: &str) -> Option<Counts> {
    output.lines().map(without_colours).filter_map(|line| closing_line(&line)).reduce(Add::add)
}

/// The closing lines of node's test runner (`--test-reporter=tap`). `None`: there are none.
pub(crate) fn read_node(output: &str) -> Option<Counts> {
    let count = |word: &str| {
        let line = output.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(word))?;
        line.trim().parse::<u64>().ok()
    };
    Some(Counts { passed: count("pass ")?, failed: count("fail ")? + count("cancelled ")? })
}

fn closing_line(line: &str) -> Option<Counts> {
    let line = line.trim_start();
    let tail = match line.strip_prefix("Summary [") {
        Some(nextest) => nextest.split_once("tests run:").or_else(|| nextest.split_once("test run:"))?.1,
        None => line.strip_prefix("test result:")?,
    };
    let count = |word: &str| number_before(tail, word);
    let failed = count("failed") + count("timed") + count("exec");
    Some(Counts { passed: count("passed"), failed })
}

/// The number that stands before a word, 0 when the word is absent: `3 passed (1 slow), 2 failed`.
fn number_before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            // A colour is ESC [ digits m.
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextest_is_counted_with_colours_slow_and_timed_out_tests() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   3.042s] \u{1b}[1m9\u{1b}[0m tests run: \u{1b}[1m5\u{1b}[0m passed (1 slow), 1 failed, 2 timed out, 1 exec failed, 4 skipped";
        assert_eq!(read(line), Some(Counts { passed: 5, failed: 4 }));
        assert_eq!(
            read("  Summary [0.1s] 1 test run: 1 passed, 0 skipped"),
            Some(Counts { passed: 1, failed: 0 })
        );
    }

    #[test]
    fn nodes_runner_is_counted_and_a_cancelled_test_has_not_passed() {
        let closing = "# tests 5\n# suites 0\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(read_node(closing), Some(Counts { passed: 3, failed: 2 }));
        assert_eq!(read_node("ok 1 - a test"), None);
    }

    #[test]
    fn every_binary_of_cargo_test_is_counted() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured\n";
        assert_eq!(read(output), Some(Counts { passed: 4, failed: 2 }));
    }

    #[test]
    fn a_run_that_closes_on_nothing_is_no_success() {
        assert_eq!(read("error: could not compile `sotto-wire`"), None);
    }

    #[test]
    fn the_sum_is_printed_in_the_plain_form() {
        let sum = Counts { passed: 4, failed: 0 } + Counts { passed: 1, failed: 2 };
        assert_eq!(sum.to_string(), "5 passed, 2 failed");
    }
}
