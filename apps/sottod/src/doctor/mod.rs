//! `sottod doctor`: looks at everything the server needs and says what to do about what is wrong.

mod certificate;
mod storage;

use std::{
    fmt,
    net::TcpListener,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use serde::Serialize;

use crate::{
    data_dir::DataDir,
    failure::Failure,
    output::Output,
    serve,
    settings::{Settings, SettingsError},
};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Fine,
    /// It works, and somebody should look at it.
    Warning,
    /// The server does not work, or not safely.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn fine(check: &'static str, found: impl fmt::Display) -> Self {
        Self { check, state: State::Fine, found: found.to_string(), advice: None }
    }

    fn warning(check: &'static str, found: impl fmt::Display, advice: impl fmt::Display) -> Self {
        Self { check, state: State::Warning, found: found.to_string(), advice: Some(advice.to_string()) }
    }

    fn wrong(check: &'static str, found: impl fmt::Display, advice: impl fmt::Display) -> Self {
        Self { check, state: State::Wrong, found: found.to_string(), advice: Some(advice.to_string()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.state {
            State::Fine => "ok     ",
            State::Warning => "look at",
            State::Wrong => "WRONG  ",
        };
        write!(f, "{mark}  {:<12} {}", self.check, self.found)?;
        match &self.advice {
            Some(advice) => write!(f, "\n         {:<12} → {advice}", ""),
            None => Ok(()),
        }
    }
}

/// Looks at everything. Exit code 1 when something is wrong.
pub(crate) fn run(settings: Result<Settings, SettingsError>, output: Output) -> Result<ExitCode, Failure> {
    let findings = match settings {
        Ok(settings) => examine(&settings),
        Err(SettingsError { problems }) => {
            let advice = "see `sottod serve --help` for every setting";
            problems.into_iter().map(|problem| Finding::wrong("settings", problem, advice)).collect()
        }
    };
    for finding in &findings {
        output.record(finding)?;
    }
    let wrong = findings.iter().filter(|finding| finding.state == State::Wrong).count();
    output.remark(match wrong {
        0 => "Nothing is wrong.".to_owned(),
        1 => "1 thing is wrong.".to_owned(),
        _ => format!("{wrong} things are wrong."),
    })?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![combination(settings)];
    match DataDir::named(settings) {
        Ok(dir) => {
            findings.push(address(settings, &dir));
            findings.extend(storage::examine(&dir));
            findings.push(clock(SystemTime::now(), storage::newest_change(&dir)));
        }
        Err(failure) => findings.push(Finding::wrong("data", failure, "give --data DIR")),
    }
    findings.push(descriptors(settings));
    findings.extend(certificate::examine(settings, SystemTime::now()));
    findings
}

/// Whether the settings fit each other.
fn combination(settings: &Settings) -> Finding {
    const CHECK: &str = "settings";
    if let Err(failure) = serve::options(settings) {
        return Finding::wrong(CHECK, failure, "change the settings as said");
    }
    let plain_for_others =
        settings.public_url.as_ref().is_some_and(|url| !url.is_https() && !url.is_loopback());
    if plain_for_others {
        return Finding::warning(
            CHECK,
            "public-url begins with http://",
            "clients refuse plain HTTP to other machines: make it https://",
        );
    }
    let chosen =
        settings.origins.values().filter(|origin| **origin != crate::settings::Origin::Default).count();
    Finding::fine(CHECK, format_args!("{chosen} set, the rest as documented"))
}

/// Whether the address can be had.
fn address(settings: &Settings, dir: &DataDir) -> Finding {
    const CHECK: &str = "address";
    let listen = settings.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Finding::fine(CHECK, format_args!("{listen} is free")),
        Err(_) if dir.is_served() => {
            Finding::fine(CHECK, format_args!("{listen} is in use; the server runs"))
        }
        Err(error) => Finding::wrong(
            CHECK,
            format_args!("cannot listen on {listen}: {error}"),
            "stop what uses it (`ss -ltnp` shows it), or choose another with --listen; ports below 1024 need root or \
             CAP_NET_BIND_SERVICE",
        ),
    }
}

/// The first day of 2025: no sottod is older.
const EARLIEST: Duration = Duration::from_secs(1_735_689_600);
/// A file system or a copy may round or lag this much.
const LAG: Duration = Duration::from_secs(120);

/// Whether the clock can be right: entries carry the server's minute, and expiry goes by its days.
fn clock(now: SystemTime, newest_change: Option<SystemTime>) -> Finding {
    const CHECK: &str = "clock";
    const ADVICE: &str = "set the clock and keep it set (timedatectl set-ntp true)";
    if now.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since_1970| since_1970 < EARLIEST) {
        return Finding::wrong(CHECK, "stands before this program was written", ADVICE);
    }
    match newest_change.map(|change| change.duration_since(now)) {
        Some(Ok(ahead)) if ahead > LAG => {
            let minutes = ahead.as_secs() / 60;
            Finding::wrong(
                CHECK,
                format_args!("the data was changed {minutes} minutes in the future"),
                ADVICE,
            )
        }
        _ => Finding::fine(CHECK, "plausible"),
    }
}

/// Whether as many connections can be open as the settings allow.
fn descriptors(settings: &Settings) -> Finding {
    use nix::sys::resource::{Resource, getrlimit};
    const CHECK: &str = "open files";
    /// Databases, logs, listening socket.
    const OWN: u64 = 64;
    let wanted = settings.connections_max as u64 + OWN;
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) if hard >= wanted => Finding::fine(CHECK, format_args!("up to {hard}")),
        Ok((_, hard)) => Finding::warning(
            CHECK,
            format_args!("up to {hard}, while connections-max is {}", settings.connections_max),
            format_args!("raise the limit to {wanted} (LimitNOFILE= in the unit), or lower connections-max"),
        ),
        Err(error) => Finding::warning(CHECK, format_args!("unknown: {error}"), "look at `ulimit -Hn`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_is_reported() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let in_2030 = 1_893_456_000;
        assert_eq!(clock(at(0), None).state, State::Wrong);
        assert_eq!(clock(at(in_2030), None).state, State::Fine);
        assert_eq!(clock(at(in_2030), Some(at(in_2030 - 9))).state, State::Fine);
        assert_eq!(clock(at(in_2030), Some(at(in_2030 + 60))).state, State::Fine);
        let a_year_back = clock(at(in_2030), Some(at(in_2030 + 31_536_000)));
        assert_eq!((a_year_back.state, a_year_back.found.contains("525600 minutes")), (State::Wrong, true));
    }
}
