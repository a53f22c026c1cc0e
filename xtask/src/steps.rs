//! How steps run: each named, timed, and stopped at the first failure unless told to keep going.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::counts::Counts;
use crate::workspace::Workspace;

/// One step of a plan.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Workspace) -> anyhow::Result<Done>,
}

/// How a step ended that did not fail to run.
#[derive(Debug)]
pub(crate) enum Done {
    /// A check found nothing; what it looked at.
    Checked(String),
    /// A test runner ran; it may have counted failures.
    Tested(Counts),
}

/// What to do after a failed step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    Stop,
    KeepGoing,
}

struct Finished {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

/// Runs a plan; prints every step's time and, when a test runner ran, the sum of its counts as the last line.
pub(crate) fn run(workspace: &Workspace, plan: &[Step], on_failure: OnFailure) -> anyhow::Result<ExitCode> {
    let mut finished = Vec::new();
    let mut counts = None::<Counts>;
    for (index, step) in plan.iter().enumerate() {
        println!("── {}/{} {}", index + 1, plan.len(), step.name);
        let start = Instant::now();
        let outcome = (step.run)(workspace);
        let took = start.elapsed();
        if let Ok(Done::Tested(these)) = &outcome {
            counts = Some(counts.unwrap_or_default() + *these);
        }
        let failure = failure_of(&outcome);
        report(&outcome, failure.as_deref(), took);
        let stop = failure.is_some() && on_failure == OnFailure::Stop;
        finished.push(Finished { name: step.name, took, failure });
        if stop {
            break;
        }
    }
    summarise(&finished, plan.len());
    if let Some(counts) = counts {
        println!("{counts}");
    }
    let failed = finished.iter().any(|step| step.failure.is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn failure_of(outcome: &anyhow::Result<Done>) -> Option<String> {
    match outcome {
        Err(error) => Some(format!("{error:#}")),
        Ok(Done::Tested(counts)) if counts.failed > 0 => Some(counts.to_string()),
        Ok(_) => None,
    }
}

fn report(outcome: &anyhow::Result<Done>, failure: Option<&str>, took: Duration) {
    match (failure, outcome) {
        (Some(failure), _) => println!("   FAILED after {}: {failure}", seconds(took)),
        (None, Ok(Done::Checked(what))) => println!("   ok in {}: {what}", seconds(took)),
        (None, Ok(Done::Tested(counts))) => println!("   ok in {}: {counts}", seconds(took)),
        (None, Err(_)) => {}
    }
}

fn summarise(finished: &[Finished], planned: usize) {
    println!("──");
    for step in finished {
        let mark = if step.failure.is_some() { "FAILED" } else { "ok" };
        println!("   {:<28} {:>9}  {mark}", step.name, seconds(step.took));
    }
    let total = finished.iter().map(|step| step.took).sum();
    println!("   {:<28} {:>9}", "in all", seconds(total));
    if let Some(failed) = finished.iter().find(|step| step.failure.is_some()) {
        let not_run = planned - finished.len();
        let hint = if not_run > 0 { " (--keep-going runs them)" } else { "" };
        println!("   failed: {}; {not_run} steps not run{hint}", failed.name);
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        Workspace { root: ".".into(), target: "target".into(), crates: Vec::new() }
    }

    fn fine() -> Step {
        Step { name: "fine", run: |_| Ok(Done::Checked("nothing".into())) }
    }

    fn broken() -> Step {
        Step { name: "broken", run: |_| anyhow::bail!("planted") }
    }

    fn failing_tests() -> Step {
        Step { name: "tests", run: |_| Ok(Done::Tested(Counts { passed: 2, failed: 1 })) }
    }

    /// The panic tells that the step was reached.
    fn unreachable() -> Step {
        Step { name: "later", run: |_| panic!("must not run") }
    }

    fn code(plan: &[Step], on_failure: OnFailure) -> String {
        format!("{:?}", run(&workspace(), plan, on_failure).unwrap())
    }

    #[test]
    fn a_failing_step_stops_the_plan_and_its_exit_code_says_so() {
        let failure = format!("{:?}", ExitCode::FAILURE);
        assert_eq!(code(&[fine(), broken(), unreachable()], OnFailure::Stop), failure);
        assert_eq!(code(&[failing_tests(), unreachable()], OnFailure::Stop), failure);
        assert_eq!(code(&[fine()], OnFailure::Stop), format!("{:?}", ExitCode::SUCCESS));
    }

    #[test]
    fn keep_going_runs_the_rest_and_still_fails() {
        assert_eq!(code(&[broken(), fine()], OnFailure::KeepGoing), format!("{:?}", ExitCode::FAILURE));
    }
}
