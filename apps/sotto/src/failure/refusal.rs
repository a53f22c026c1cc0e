//! Refusals of the engine, with the way out of each.

use sotto_engine::api::Refusal;
use sotto_wire::ids::Minute;

use super::{Code, Failure};
use crate::instant;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoAccount => Self::no_account(),
            Refusal::AccountExists => Self::new(
                Code::AccountExists,
                "This profile already has an account.",
                "`sotto whoami` shows it. For another account use another profile: --profile DIR.",
            ),
            Refusal::NothingPrepared => Self::new(
                Code::NothingPrepared,
                "No registration has been begun in this profile.",
                "Begin one: sotto register @name --server URL",
            ),
            Refusal::HandleTaken => Self::new(
                Code::HandleTaken,
                "Somebody already has this handle.",
                "Choose another. If it was you, in a registration that was interrupted: sotto register --resume",
            ),
            Refusal::HandleUnknown => Self::new(
                Code::HandleUnknown,
                "No account on this server has this handle.",
                "Check how they spell it.",
            ),
            Refusal::ConversationUnknown => Self::new(
                Code::ConversationUnknown,
                "There is no such conversation here.",
                "`sotto chats` lists them, `sotto requests` those that wait for your answer.",
            ),
            Refusal::NoRequest => Self::new(
                Code::NoRequest,
                "There is no request from them.",
                "`sotto requests` lists who asks; if you know each other already, just write.",
            ),
            Refusal::Blocked => {
                Self::new(Code::Blocked, "You have blocked this person.", "First: sotto unblock @name")
            }
            Refusal::Myself => Self::new(Code::Myself, "That is your own account.", "Name somebody else."),
            Refusal::TextEmpty => Self::new(
                Code::TextEmpty,
                "There is nothing to send.",
                "Give a text, or `-` and one on standard input.",
            ),
            Refusal::TextTooLong { found, max } => Self::text_too_long(found, max),
            Refusal::NameTooLong { max } => Self::new(
                Code::NameTooLong,
                format!("The name is longer than {max} bytes."),
                "Choose a shorter one.",
            ),
            Refusal::NameUnfit => Self::new(
                Code::NameUnfit,
                "The name has characters that cannot be shown.",
                "Leave out control characters and marks that turn the direction of writing.",
            ),
            Refusal::GivenUp => Self::new(
                Code::GivenUp,
                "It was given up meanwhile: the person was blocked, or their keys did not verify.",
                "`sotto alarms` and `sotto chats` say which.",
            ),
            about_server => server(about_server),
        }
    }
}

fn server(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::RegistrationClosed => Failure::new(
            Code::RegistrationClosed,
            "The server takes no new accounts.",
            "Ask whoever runs it, or choose another server.",
        ),
        Refusal::InviteInvalid => Failure::new(
            Code::InviteInvalid,
            "The server takes new accounts by invitation, and this one is missing, used up or expired.",
            "Ask whoever runs the server for an invitation: --invite CODE",
        ),
        Refusal::RateLimited { retry_after_ms } => Failure::new(
            Code::RateLimited,
            "The server asks to slow down.",
            format!("Try again in {} s.", retry_after_ms.div_ceil(1_000).max(1)),
        ),
        Refusal::ServerTooNew => Failure::new(
            Code::ServerTooNew,
            "The server needs a newer Sotto than this one.",
            "Update sotto. Nothing is lost: what is queued leaves then.",
        ),
        Refusal::ServerTooOld => Failure::new(
            Code::ServerTooOld,
            "The server is older than this Sotto can talk to.",
            "Ask whoever runs it to update. Nothing is lost: what is queued leaves then.",
        ),
        Refusal::ServerChanged => Failure::new(
            Code::ServerChanged,
            "The server signs with another key than before: it is not the server this profile knows, or was set up anew.",
            "Nothing was sent to it. Ask whoever runs it, over another channel; `sotto alarms` keeps the evidence.",
        ),
        Refusal::ClockOff { local, server } => Failure::clock_off(local, server),
        Refusal::Server { code } => Failure::new(
            Code::Server,
            format!("The server refused: {code}."),
            "Repeat the command later; if it stays like this, tell whoever runs the server.",
        ),
        // `ServerUrl`, and whatever is added: the engine's own words.
        other => Failure::new(Code::Refused, format!("Refused: {other}."), "See `sotto help`."),
    }
}

impl Failure {
    pub(crate) fn no_account() -> Self {
        Self::new(
            Code::NoAccount,
            "This profile has no account yet.",
            "Make one: sotto register @name --server URL (or name another folder with --profile DIR).",
        )
    }

    pub(crate) fn registration_unfinished() -> Self {
        Self::new(
            Code::RegistrationUnfinished,
            "The registration in this profile was not finished.",
            "Finish it: sotto register --resume (or begin again, with new recovery words: sotto register @name --server URL).",
        )
    }

    pub(crate) fn text_too_long(found: usize, max: usize) -> Self {
        let what = format!("The text has {found} bytes; a message can have {max} (64 KiB).");
        Self::new(Code::TextTooLong, what, "Nothing was sent. Split it into several messages.")
    }

    pub(crate) fn clock_off(local: Minute, server: Minute) -> Self {
        let what = format!(
            "This device's clock says {}, the server's says {}: more than a day apart.",
            instant::minute(local),
            instant::minute(server)
        );
        Self::new(
            Code::ClockOff,
            what,
            "Set this device's clock (or tell whoever runs the server, if theirs is wrong), then repeat the command. \
             Nothing is lost.",
        )
    }
}
