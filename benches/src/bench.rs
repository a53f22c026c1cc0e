//! What a bench is and what it is given.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::section::Section;

/// One bench: its name on the command line, how long it takes, where it runs.
#[derive(Debug, Clone, Copy)]
pub struct Bench {
    /// `appends`, say: lower case and hyphens.
    pub name: &'static str,
    /// What it measures, in one line.
    pub about: &'static str,
    /// How long it takes, set-up included.
    pub takes: Takes,
    /// When it runs.
    pub when: When,
    /// Where it runs.
    pub place: Place,
}

/// About how long a bench takes, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// For the report.
    pub full_secs: u32,
    /// With `--quick`.
    pub quick_secs: u32,
}

/// When a bench runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In every run that names no bench.
    Always,
    /// Only when it is named: it installs something, say.
    Named,
}

/// Where a bench runs.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// In this program.
    Here(Run),
    /// In `sotto-bench-client`, which links the client and with it another build of SQLite.
    ClientProgram,
}

/// The bench itself.
pub type Run = fn(&mut Context) -> anyhow::Result<Section>;

/// How much time there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As long as the figures need to settle.
    Full,
    /// Long enough to see the shape.
    Quick,
}

impl Pace {
    /// One of two, by pace.
    pub fn choose<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }

    /// How often a figure is measured; the report shows the median.
    pub fn rounds(self) -> usize {
        self.choose(3, 1)
    }
}

/// Where the programs that are measured come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programs {
    /// They are built first.
    Fresh,
    /// They are measured as they lie in `target/release`.
    AsBuilt,
}

/// What a bench is given.
pub struct Context {
    pace: Pace,
    programs: Programs,
    /// Where programs and scratch folders are: cargo's target folder.
    target: PathBuf,
    bench: &'static str,
    begun: Instant,
}

impl Context {
    /// For one bench, whose name begins each progress line.
    pub fn new(bench: &'static str, pace: Pace, target: PathBuf) -> Self {
        Self { pace, programs: Programs::Fresh, target, bench, begun: Instant::now() }
    }

    /// The same with programs from elsewhere.
    #[must_use]
    pub fn with_programs(self, programs: Programs) -> Self {
        Self { programs, ..self }
    }

    /// Where the programs that are measured come from.
    pub fn programs(&self) -> Programs {
        self.programs
    }

    /// The bench's name.
    pub fn bench(&self) -> &'static str {
        self.bench
    }

    /// How much time there is.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Cargo's target folder.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Time since the bench began.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// One progress line on standard error.
    pub fn say(&self, line: impl fmt::Display) {
        let at = self.begun.elapsed().as_secs_f32();
        // Nobody reads it: the figures are in the section all the same.
        let _ = writeln!(std::io::stderr(), "   {:>6.1} s  {}: {line}", at, self.bench);
    }

    /// An empty folder on the disk that is measured (not in memory, as a system's temporary folder may be).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> anyhow::Result<tempfile::TempDir> {
        let parent = self.target.join("benches");
        std::fs::create_dir_all(&parent)?;
        Ok(tempfile::Builder::new().prefix(self.bench).tempdir_in(parent)?)
    }
}
