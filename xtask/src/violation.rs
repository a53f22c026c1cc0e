//! What a check reports: a place and what is wrong there, with the way out.

use std::fmt;

use anyhow::bail;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    place: String,
    what: String,
}

impl Violation {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Prints what was found and fails when there is any.
pub(crate) fn refuse(violations: &[Violation]) -> anyhow::Result<()> {
    for violation in violations {
        eprintln!("   {violation}");
    }
    match violations.len() {
        0 => Ok(()),
        1 => bail!("one violation"),
        many => bail!("{many} violations"),
    }
}

/// For tests: a planted violation must be reported, in words that name it.
#[cfg(test)]
pub(crate) fn assert_reported(violations: &[Violation], fragments: &[&str]) {
    let text = violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("\n");
    for fragment in fragments {
        assert!(text.contains(fragment), "expected a report with {fragment:?}, got:\n{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_fails_the_step() {
        assert!(refuse(&[]).is_ok());
        let planted = [Violation::new("core/wire", "planted"), Violation::new("core/engine", "planted")];
        assert_eq!(refuse(&planted).unwrap_err().to_string(), "2 violations");
        assert_eq!(refuse(&planted[..1]).unwrap_err().to_string(), "one violation");
    }
}
