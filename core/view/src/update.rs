//! What reaches a screen.

use serde::{Deserialize, Serialize};

use crate::alarms::{AlarmCard, AlarmDetails};
use crate::calendar::CalendarDay;
use crate::composer::Composer;
use crate::connection::Connection;
use crate::contact::ContactPage;
use crate::conversations::{Badges, ConversationRow, RequestRow};
use crate::diff::Step;
use crate::notice::Notice;
use crate::settings::Settings;
use crate::start::Stage;
use crate::thread::Thread;
use crate::timeline::TimelineUpdate;

/// One change to what a screen shows. To be applied in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// What fills the window. Before the first one nothing is known: draw the shell of the window.
    Stage(Stage),
    /// The person's day today: how days are written depends on it.
    Today(CalendarDay),
    /// How the connection stands.
    Connection(Connection),
    /// The conversation list changed.
    Conversations(Vec<Step<ConversationRow>>),
    /// The requests changed.
    Requests(Vec<Step<RequestRow>>),
    /// The numbers on the rail changed.
    Badges(Badges),
    /// Another conversation is open, or its head changed; none: none is open.
    Thread(Option<Thread>),
    /// The timeline of the open conversation changed. A newly opened one begins with [`Step::Reset`].
    Timeline(TimelineUpdate),
    /// The composer's text is to be replaced.
    Composer(Composer),
    /// The page about a person; none: closed.
    Contact(Option<ContactPage>),
    /// The settings changed.
    Settings(Settings),
    /// The alarms changed.
    Alarms(Vec<Step<AlarmCard>>),
    /// The record that was asked for.
    AlarmDetails(AlarmDetails),
    /// The notices on the screen, oldest first.
    Notices(Vec<Notice>),
}
