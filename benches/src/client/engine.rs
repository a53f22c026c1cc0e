//! The engine in this process: what one message costs, and what ten thousand do.

use rusqlite::Connection;
use sotto_workload::Samples;
use sotto_workload::report::{Amount, QUEUED_AT_ONCE, Report, TEXT_BYTES, in_memory, measure};

use super::database::{self, PRAGMAS};
use crate::{Context, Measurement, Section, Unit};

/// One figure of a report.
pub(super) type Pick = fn(&Report) -> f64;
type PickSamples = fn(&Report) -> &Samples;

/// Measures over memory and over files.
pub(super) fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("client-engine", "The client's engine", &about());
    let amount = Amount {
        messages: context.pace().choose(1_000, 200),
        catch_up: context.pace().choose(10_000, 2_000),
    };
    context.say("over databases in memory");
    let memory = measured(context, amount, |_| in_memory())?;
    context.say("over encrypted files");
    let files = measured(context, amount, database::two)?;
    add_groups(&mut section, &memory);
    add_engine(&mut section, &files, &memory);
    section.note(format!(
        "Each figure of one message is the mean over {} messages; the catch-up is of {} messages, queued by the sender \
         {QUEUED_AT_ONCE} at a time.",
        amount.messages, amount.catch_up
    ));
    Ok(section)
}

fn about() -> String {
    format!(
        "Two engines and the real service in one process; the network is two queues. Only time inside an engine (or, in \
         the first rows, inside `core/secrecy` with its rows in memory) is counted. Texts have {TEXT_BYTES} bytes. Files \
         are SQLCipher with `{PRAGMAS}`, as in `client/native`; in memory nothing is encrypted or synced."
    )
}

fn measured(
    context: &Context,
    amount: Amount,
    databases: impl Fn(&std::path::Path) -> anyhow::Result<[Connection; 2]>,
) -> anyhow::Result<Vec<Report>> {
    let rounds = 0..context.pace().rounds();
    rounds
        .map(|_| {
            let folder = context.folder()?;
            Ok(measure(databases(folder.path())?, amount, database::now_us)?.0)
        })
        .collect()
}

fn add_groups(section: &mut Section, reports: &[Report]) {
    let mut add = |name: &str, pick: Pick| {
        section.add(Measurement::of_runs(name, Unit::Micros, &figures(reports, pick)));
    };
    add("secrecy: encrypt", |report| report.groups.encrypt.mean_us());
    add("secrecy: decrypt", |report| report.groups.decrypt.mean_us());
    add("secrecy: read the group from its rows, a part of both", |report| report.groups.load.mean_us());
    let body = reports.first().map_or(0, |report| report.groups.body_bytes);
    section.add(Measurement::new("an entry's body", Unit::Bytes, body as f64));
}

fn add_engine(section: &mut Section, files: &[Report], memory: &[Report]) {
    let each: [(&str, PickSamples); 4] = [
        ("send: from the command until the entry leaves", |report| &report.conversation.send),
        ("send: everything, receipt and echo included", |report| &report.conversation.send_whole),
        ("receive: from the entry until the line is shown", |report| &report.conversation.receive),
        ("receive: everything, the acknowledgement included", |report| &report.conversation.receive_whole),
    ];
    for (name, pick) in each {
        let runs: Vec<f64> = files.iter().map(|report| pick(report).mean_us()).collect();
        let p99: Vec<f64> = files.iter().map(|report| pick(report).quantile_us(0.99)).collect();
        let plain: Vec<f64> = memory.iter().map(|report| pick(report).mean_us()).collect();
        section.add(against(Measurement::of_runs(name, Unit::Micros, &runs), "in memory", &plain));
        section.add(Measurement::of_runs(&format!("{name}, p99"), Unit::Micros, &p99));
    }
    let caught_up = |reports: &[Report]| figures(reports, |report| report.catch_up.messages_per_s());
    let sent = |reports: &[Report]| figures(reports, |report| report.catch_up.sent_per_s());
    let catch_up = Measurement::of_runs("catch-up: stored and shown", Unit::PerSecond, &caught_up(files));
    section.add(against(catch_up, "in memory", &caught_up(memory)));
    let send = Measurement::of_runs("queued messages: sent", Unit::PerSecond, &sent(files));
    section.add(against(send, "in memory", &sent(memory)));
}

/// With its share of another figure's median.
pub(super) fn against(measurement: Measurement, baseline: &str, runs: &[f64]) -> Measurement {
    let share = measurement.value / crate::latencies::median(runs);
    measurement.of(baseline, share, None)
}

fn figures(reports: &[Report], pick: Pick) -> Vec<f64> {
    reports.iter().map(pick).collect()
}
