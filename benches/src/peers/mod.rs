//! Other servers on the same machine, with the same load: ejabberd with PostgreSQL, Prosody with SQLite.
//!
//! Reading order: [`row`] (what is measured of each), [`xmpp`] (their clients), [`ejabberd`], [`prosody`], [`postgres`]
//! (how each is set up), [`program`] (starting and stopping), [`install`].

pub mod ejabberd;
pub mod install;
pub mod postgres;
pub mod program;
pub mod prosody;
pub mod row;
pub mod xmpp;

use crate::bench::{Bench, Context, Place, Takes, When};
use crate::section::Section;

/// The comparison, in the order of the report.
pub const BENCHES: &[Bench] = &[Bench {
    name: "peers",
    about: "ejabberd and Prosody beside sottod, plain TCP; as root it installs them (Debian)",
    takes: Takes { full_secs: 240, quick_secs: 90 },
    when: When::Named,
    place: Place::Here(run),
}];

const ABOUT: &str = "The same load on servers that people run, one after the other on this machine: 64 pairs over plain TCP on \
loopback, one thread that generates the load, bodies of 300 characters, a message done when the reader's connection has it. Both XMPP servers \
keep an archive of every message (`mod_mam`, everything archived) and write it before they deliver. Accounts are made in-band, \
sessions authenticate with SASL PLAIN, bind and send presence; no stream management, no carbons, no offline storage is loaded. \
**ejabberd** as packaged: SQL pool of 16 connections to PostgreSQL with its defaults (`fsync`, `synchronous_commit` on), no traffic shaper. \
**Prosody** as packaged: everything in one SQLite file, with SQLite's own defaults (rollback journal, `synchronous = FULL`). Processor time is that of the server and \
its database together. An idle session is authenticated, bound and present, one of a thousand over 64 accounts; its memory is that of the server without its \
database.";

/// Measured on another machine of two cores before this project began, in the same way.
const ELSEWHERE: &str = "Measured earlier, on another machine of two cores: ejabberd + PostgreSQL 2,737/s with one under way \
(p50 / p99 21 / 65 ms, 583 µs of processor time a message), 2,926/s with 16, 2.5 / 5.3 ms at 200 a second, 144 kB an idle \
connection; Prosody + SQLite 344/s; Synapse 81/s; not durable: Prosody on files 1,500/s, JetStream 30,144/s, Mosquitto 66,375/s.";

/// Runs the bench.
///
/// # Errors
/// When a server cannot be installed, started or talked to.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    install::make_sure(context)?;
    let mut section = Section::new("peers", "Beside other servers", ABOUT);
    let ours = row::of_sottod(context, &mut section)?;
    let ejabberd = ejabberd::Ejabberd::start()?;
    row::of_xmpp(context, &mut section, "ejabberd + PostgreSQL", &ejabberd, &ours)?;
    drop(ejabberd);
    let prosody = prosody::Prosody::start()?;
    row::of_xmpp(context, &mut section, "Prosody + SQLite", &prosody, &ours)?;
    section.note(ELSEWHERE);
    Ok(section)
}
