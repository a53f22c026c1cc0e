//! `sotto-sim`: tells the story of one seed, or runs many on all cores. `cargo xtask sim` builds and starts it.

use std::io::{IsTerminal as _, Write as _};
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use sotto_sim::{Outcome, Planted, run};

/// Failing seeds that are told in full.
const TOLD_MAX: usize = 3;

/// Simulate people and a server through bad weather, and check what is left.
#[derive(Parser)]
#[command(name = "sotto-sim", max_term_width = 110)]
struct Cli {
    /// Tell the story of this seed
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Run these seeds on all cores: FIRST..END
    #[arg(long, value_parser = range, value_name = "A..B")]
    seeds: Option<Range<u64>>,
    /// Plant a bug; the run succeeds when it is found
    #[arg(long)]
    planted: Option<Planted>,
    /// Threads (all cores unless given)
    #[arg(long)]
    threads: Option<usize>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (first, end) = text.split_once("..").ok_or("write it as FIRST..END")?;
    let number = |text: &str| text.replace('_', "").parse::<u64>().map_err(|error| error.to_string());
    let range = number(first)?..number(end)?;
    if range.is_empty() { Err("there is no seed in it".to_owned()) } else { Ok(range) }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let good = match (cli.seed, cli.seeds) {
        (Some(seed), _) => tell(seed, cli.planted),
        (None, seeds) => {
            let threads =
                cli.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
            Crowd::new(seeds.unwrap_or(0..100), cli.planted).run(threads)
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(seed: u64, planted: Option<Planted>) -> bool {
    let outcome = run(seed, planted);
    print(&outcome, planted);
    outcome.is_good() == planted.is_none()
}

fn print(outcome: &Outcome, planted: Option<Planted>) {
    let Outcome { seed, messages, faults, story, .. } = outcome;
    let findings = story.findings().len();
    let mut out = std::io::stdout().lock();
    // Nobody may be reading any more.
    let _ = write!(out, "{story}");
    let _ = writeln!(out, "seed {seed}: {messages} messages, {faults} faults, {findings} findings");
    let _ = writeln!(out, "replay: {}", outcome.replay(planted));
}

/// Many seeds on several threads.
struct Crowd {
    seeds: Range<u64>,
    planted: Option<Planted>,
    next: AtomicU64,
    done: AtomicU64,
    messages: AtomicU64,
    faults: AtomicU64,
    enough: AtomicBool,
    bad: Mutex<Vec<Outcome>>,
}

impl Crowd {
    fn new(seeds: Range<u64>, planted: Option<Planted>) -> Self {
        let next = AtomicU64::new(seeds.start);
        Self {
            seeds,
            planted,
            next,
            done: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            enough: AtomicBool::new(false),
            bad: Mutex::new(Vec::new()),
        }
    }

    /// Whether all went well: nothing found, or the planted bug found.
    fn run(self, threads: usize) -> bool {
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.work());
            }
            scope.spawn(|| self.report(began));
        });
        let took = began.elapsed().as_secs_f64();
        let done = self.done.load(Ordering::Relaxed);
        let bad = self.bad.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for outcome in bad.iter().take(TOLD_MAX) {
            print(outcome, self.planted);
        }
        for outcome in bad.iter().skip(TOLD_MAX).take(50) {
            println!("seed {}: {}", outcome.seed, outcome.story.findings().first().unwrap_or(&""));
        }
        println!(
            "{done} seeds in {took:.1} s ({:.1} a second), {} messages, {} faults, {} with findings",
            done as f64 / took,
            self.messages.into_inner(),
            self.faults.into_inner(),
            bad.len()
        );
        match self.planted {
            None => bad.is_empty(),
            Some(bug) if bad.is_empty() => {
                println!("{bug} was not found");
                false
            }
            Some(bug) => {
                println!("{bug} was found after {done} seeds");
                true
            }
        }
    }

    fn work(&self) {
        while !self.enough.load(Ordering::Relaxed) {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if !self.seeds.contains(&seed) {
                break;
            }
            let outcome = run(seed, self.planted);
            // What is found without the bug, too, says nothing about it.
            let found = !outcome.is_good() && (self.planted.is_none() || run(seed, None).is_good());
            self.done.fetch_add(1, Ordering::Relaxed);
            self.messages.fetch_add(outcome.messages as u64, Ordering::Relaxed);
            self.faults.fetch_add(outcome.faults as u64, Ordering::Relaxed);
            if found {
                eprintln!("seed {seed}: {}", outcome.story.findings().first().unwrap_or(&""));
                self.enough.fetch_or(self.planted.is_some(), Ordering::Relaxed);
                self.bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(outcome);
            }
        }
    }

    fn report(&self, began: Instant) {
        let all = self.seeds.end - self.seeds.start;
        let mut told = 0;
        while !self.enough.load(Ordering::Relaxed) && self.done.load(Ordering::Relaxed) < all {
            std::thread::sleep(Duration::from_millis(200));
            let step = if std::io::stderr().is_terminal() { 1 } else { 30 };
            let seconds = began.elapsed().as_secs() / step;
            if seconds > told {
                told = seconds;
                let bad = self.bad.lock().map_or(0, |bad| bad.len());
                eprintln!("{} of {all} seeds, {bad} with findings", self.done.load(Ordering::Relaxed));
            }
        }
    }
}
