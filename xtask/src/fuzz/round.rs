//! Targets run, a few at once, until their time is over or somebody interrupts.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::report::{Ended, Numbers, Run};

/// Memory of one target: beyond it, an input that takes too much is a finding.
const RSS_MIB_MAX: usize = 2_048;
/// One input may take this long. On the wall, of a machine that may have better things to do.
const INPUT_SECONDS_MAX: u64 = 600;
/// A target that was told to stop has this long to say its numbers.
const FAREWELL: Duration = Duration::from_secs(20);

/// What a round is made of.
pub(super) struct Plan {
    pub(super) folder: PathBuf,
    pub(super) programs: PathBuf,
    pub(super) time: Duration,
    pub(super) at_once: usize,
}

/// Targets under way.
pub(super) struct Round {
    waiting: VecDeque<String>,
    finished: Vec<Run>,
}

impl Round {
    /// Runs every target; those that never began are not among what is returned.
    pub(super) fn run(targets: Vec<String>, plan: Plan) -> anyhow::Result<Vec<Run>> {
        let count = targets.len();
        println!(
            "── {count} targets, {} minutes each, {} at once; Ctrl-C stops and shows the table so far",
            plan.time.as_secs() / 60,
            plan.at_once.min(count)
        );
        let round = Self { waiting: targets.into(), finished: Vec::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(round.go(plan))
    }

    async fn go(mut self, plan: Plan) -> anyhow::Result<Vec<Run>> {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        loop {
            while !*stopped.borrow() && running.len() < plan.at_once {
                let Some(target) = self.waiting.pop_front() else { break };
                running.spawn(one(target.clone(), command(&plan, &target)?, stopped.clone()));
            }
            let finished = tokio::select! {
                finished = running.join_next() => finished,
                _ = interrupt.recv() => { stop.send_replace(true); continue }
                _ = terminate.recv() => { stop.send_replace(true); continue }
            };
            let Some(run) = finished else { break };
            let run = run.context("a target's task ended")??;
            println!("   {:<20} {} executions", run.target, run.numbers.executions);
            self.finished.push(run);
        }
        self.finished.sort_by(|one, other| one.target.cmp(&other.target));
        if !self.waiting.is_empty() {
            println!("   never begun: {}", Vec::from(self.waiting).join(", "));
        }
        Ok(self.finished)
    }
}

fn command(plan: &Plan, target: &str) -> anyhow::Result<Command> {
    let place = |kind: &str| plan.folder.join(kind).join(target);
    for kind in ["corpus", "artifacts"] {
        std::fs::create_dir_all(place(kind)).with_context(|| format!("making {kind}/{target}"))?;
    }
    let mut command = Command::new(plan.programs.join(target));
    command
        .arg(place("corpus"))
        .args(Some(place("regressions")).filter(|folder| folder.is_dir()))
        .arg(format!("-artifact_prefix={}/", place("artifacts").display()))
        .arg(format!("-max_total_time={}", plan.time.as_secs()))
        .arg(format!("-rss_limit_mb={RSS_MIB_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg("-print_final_stats=1")
        .current_dir(&plan.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // A group of its own: Ctrl-C is for us, and we ask each target to stop and to say its numbers.
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

/// One target from its start to its end.
async fn one(
    target: String,
    mut command: Command,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<Run> {
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("starting {target}"))?;
    let process = child.id();
    let said = child.stderr.take().map(BufReader::new).context("a pipe")?;
    let listening = tokio::spawn(async move {
        let (mut lines, mut numbers) = (said.lines(), Numbers::default());
        while let Ok(Some(line)) = lines.next_line().await {
            numbers.read(&line);
        }
        numbers
    });
    let mut cpu = Duration::ZERO;
    let mut look = interval(Duration::from_secs(1));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = look.tick() => cpu = cpu.max(process.and_then(cpu_time).unwrap_or_default()),
            () = told_to_stop(&mut stopped) => break stop(&mut child).await?,
        }
    };
    let numbers = listening.await.context("what it said")?;
    let interrupted = *stopped.borrow();
    let result = ended(status, interrupted, &numbers);
    Ok(Run { target, numbers, cpu, wall: began.elapsed(), result })
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // Whoever could say so outlives every target.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Asks a target to stop: libFuzzer then says its numbers and leaves.
async fn stop(child: &mut Child) -> anyhow::Result<ExitStatus> {
    if let Some(process) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // It may just have left by itself.
        let _ = kill(Pid::from_raw(process), Signal::SIGUSR1);
    }
    if let Ok(status) = timeout(FAREWELL, child.wait()).await {
        return Ok(status?);
    }
    child.start_kill()?;
    Ok(child.wait().await?)
}

fn ended(status: ExitStatus, stopped: bool, numbers: &Numbers) -> Ended {
    if let Some(artifact) = &numbers.artifact {
        return Ended::Finding(format!("{artifact} ({})", numbers.last_words));
    }
    match (stopped, status.success()) {
        (true, _) => Ended::Interrupted,
        (false, true) => Ended::Well,
        (false, false) => Ended::Finding(format!("it ended with {status} ({})", numbers.last_words)),
    }
}

/// What a process has had of the processors so far, where the system says so.
fn cpu_time(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let ticks = user_and_system_ticks(&stat)?;
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok()??;
    Some(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

/// Fields 14 and 15; the second, the program's name, may hold anything but ends with the last bracket.
fn user_and_system_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]).stderr(Stdio::piped()).stdout(Stdio::null()).process_group(0);
        command
    }

    fn run(text: &str, interrupt: bool) -> Run {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (stop, stopped) = watch::channel(false);
            if interrupt {
                stop.send_replace(true);
            }
            one("sample".to_owned(), script(text), stopped).await.unwrap()
        })
    }

    #[test]
    fn a_target_that_ends_well_and_one_that_finds_something_are_told_apart() {
        assert_eq!(run("echo 'stat::number_of_executed_units: 9' >&2", false).result, Ended::Well);
        let found = run("echo 'x; Test unit written to artifacts/a/crash-1' >&2; exit 77", false);
        assert!(matches!(&found.result, Ended::Finding(what) if what.starts_with("artifacts/a/crash-1")));
        assert!(run("exit 1", false).result.is_finding(), "a program that does not run found nothing either");
    }

    #[test]
    fn an_interrupted_target_found_nothing_and_did_not_end_well() {
        assert_eq!(run("exec sleep 30", true).result, Ended::Interrupted);
    }

    #[test]
    fn processor_time_is_read_whatever_the_program_is_called() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0";
        assert_eq!(user_and_system_ticks(stat), Some(300));
    }
}
