//! `sottod invite`: makes, lists and revokes invitations, also while the server runs.
//!
//! Only the hash of a code is stored, so a list shows identifiers: the beginning of that hash.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use rand_core::{OsRng, RngCore as _};
use serde::Serialize;
use sotto_ports::{
    Directory as _, DirectoryOp, DirectoryOutcome,
    directory::{Invitation, InviteHash},
};
use sotto_service::invite_hash;
use sotto_sqlite::{OpenOptions, SqliteStore};
use sotto_wire::ids::{Day, Millis};

use crate::{
    data_dir::DataDir,
    failure::Failure,
    output::Output,
    settings::{Settings, Span},
};

/// Characters of a code: none that look alike. 32 of them, so a random byte picks each equally often.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Groups of a code, and characters of a group: 100 bits.
const GROUPS: usize = 4;
const GROUP_CHARS: usize = 5;
/// Bytes of the hash that identify an invitation to its operator.
const IDENTIFIER_BYTES: usize = 6;
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Serialize)]
struct Made {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(flatten)]
    invitation: Listed,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    uses_left: u32,
    not_after: String,
}

#[derive(Serialize)]
struct Revoked {
    revoked: String,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "code  {}", self.code)?;
        match &self.link {
            Some(link) => writeln!(f, "link  {link}")?,
            None => writeln!(f, "link  (tell sottod the server's address: --public-url)")?,
        }
        let Listed { uses_left, not_after, .. } = &self.invitation;
        write!(f, "admits {uses_left} through {not_after}; it is shown this once")
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  admits {} through {}", self.id, self.uses_left, self.not_after)
    }
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} admits nobody any more", self.revoked)
    }
}

impl From<&Invitation> for Listed {
    fn from(invitation: &Invitation) -> Self {
        Self {
            id: identifier(invitation.hash),
            uses_left: invitation.uses_left,
            not_after: date(invitation.not_after),
        }
    }
}

/// Makes an invitation and prints its code, which nobody can look up later.
pub(crate) fn create(settings: &Settings, uses: u32, expires: Span, output: Output) -> Result<(), Failure> {
    let code = new_code();
    let days = u32::try_from(expires.0.as_secs().div_ceil(DAY.as_secs()))
        .map_err(|_| Failure::Usage("--expires is too far away".to_owned()))?;
    let not_after = Day(today()?.0.saturating_add(days));
    let invitation = Invitation { hash: invite_hash(&code), uses_left: uses, not_after };
    if !apply(settings, DirectoryOp::Invite(invitation))? {
        return Err(Failure::Refused(
            "there are too many open invitations: revoke some (`sottod invite list`)".to_owned(),
        ));
    }
    // Whoever opens a link sends the server everything before the '#', not the code.
    let link = settings.public_url.as_ref().map(|url| format!("{url}/#invite={code}"));
    output.record(&Made { link, invitation: Listed::from(&invitation), code })?;
    Ok(())
}

/// Prints every open invitation.
pub(crate) fn list(settings: &Settings, output: Output) -> Result<(), Failure> {
    let invitations = open(settings)?;
    if invitations.is_empty() {
        output.remark("no open invitations; make one with `sottod invite`")?;
    }
    for invitation in &invitations {
        output.record(&Listed::from(invitation))?;
    }
    Ok(())
}

/// Withdraws the invitation with this code or identifier.
pub(crate) fn revoke(settings: &Settings, named: &str, output: Output) -> Result<(), Failure> {
    let by_code = invite_hash(named);
    let is_meant =
        |invitation: &&Invitation| invitation.hash == by_code || identifier(invitation.hash) == named;
    let unknown = || {
        Failure::Refused(
            "no open invitation has this code or identifier; `sottod invite list` shows them".to_owned(),
        )
    };
    let hash = open(settings)?.iter().find(is_meant).ok_or_else(unknown)?.hash;
    if !apply(settings, DirectoryOp::RevokeInvite(hash))? {
        return Err(unknown());
    }
    output.record(&Revoked { revoked: identifier(hash) })?;
    Ok(())
}

fn store(settings: &Settings) -> Result<SqliteStore, Failure> {
    let dir = DataDir::existing(settings)?;
    SqliteStore::open_with(dir.path(), &OpenOptions::beside())
        .map_err(|error| Failure::Refused(error.to_string()))
}

/// Invitations that still admit somebody.
fn open(settings: &Settings) -> Result<Vec<Invitation>, Failure> {
    let today = today()?;
    let mut invitations =
        store(settings)?.invitations().map_err(|error| Failure::Refused(error.to_string()))?;
    invitations.retain(|invitation| invitation.not_after >= today);
    Ok(invitations)
}

/// Applies one operation; whether it did something.
fn apply(settings: &Settings, operation: DirectoryOp) -> Result<bool, Failure> {
    let outcomes = store(settings)?.apply_to_directory(vec![operation]);
    let outcomes = outcomes.map_err(|error| Failure::Refused(error.to_string()))?;
    Ok(matches!(outcomes[..], [DirectoryOutcome::Invite(true) | DirectoryOutcome::RevokeInvite(true)]))
}

fn new_code() -> String {
    let mut random = [0; GROUPS * GROUP_CHARS];
    OsRng.fill_bytes(&mut random);
    let characters = random.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    let groups: Vec<String> = characters.chunks(GROUP_CHARS).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

fn identifier(hash: InviteHash) -> String {
    hex::encode(&hash.0[..IDENTIFIER_BYTES])
}

fn today() -> Result<Day, Failure> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let since_1970 =
        since_1970.map_err(|_| Failure::Refused("the clock stands before 1970: set it".to_owned()))?;
    Ok(Millis(since_1970.as_millis() as u64).minute().day())
}

/// A day as year-month-day (Howard Hinnant's days-from-civil, inverted).
fn date(Day(day): Day) -> String {
    let shifted = i64::from(day) + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_wire::limits::INVITE_CHARS_MAX;

    #[test]
    fn codes_differ_and_hold_a_hundred_bits() {
        let (one, other) = (new_code(), new_code());
        assert_ne!(one, other);
        assert_eq!(one.len(), GROUPS * GROUP_CHARS + GROUPS - 1);
        assert!(one.len() <= INVITE_CHARS_MAX);
        assert!(one.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)));
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5]);
    }

    #[test]
    fn days_are_written_as_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_088, "2024-12-31"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(Day(day)), text);
        }
    }
}
