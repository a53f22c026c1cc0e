//! One row of the conversation list: who, when, and the newest line.

use leptos::ev;
use leptos::html::{button, div, li, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::conversations::{ConversationRow, LastLine};
use sotto_view::timeline::OwnState;
use wasm_bindgen::JsCast as _;

use crate::app::App;
use crate::icons::{self, Icon};
use crate::pieces::{AvatarSize, avatar, badge, live, small_icon, theirs, verified_mark};
use crate::words::{called, last_line, own_state, w, when};

/// One row. `stops` says whether the Tab key stops here.
pub(super) fn draw(
    app: App,
    row: RwSignal<ConversationRow>,
    stops: Memo<bool>,
    focused: impl Fn() + 'static,
) -> AnyView {
    let key = row.with_untracked(|row| row.key);
    let current = Memo::new(move |_| {
        app.screens.thread.with(|thread| thread.as_ref().is_some_and(|open| open.key == key))
    });
    let person = Memo::new(move |_| row.with(|row| row.person.clone()));
    let unread = Memo::new(move |_| row.with(|row| row.unread));
    li().child(
        button()
            .class("row")
            .class(("unread", move || unread.get() > 0))
            .attr("type", "button")
            .attr("aria-current", move || current.get().then_some("true"))
            .attr("tabindex", move || if stops.get() { "0" } else { "-1" })
            .on(ev::click, move |_| app.open(key))
            .on(ev::focus, move |_| focused())
            .child((
                live(move || avatar(&person.get(), AvatarSize::Row)),
                div().class("who").child((
                    theirs(move || called(&person.get())),
                    verified_mark(move || person.get().verified),
                )),
                div().class("when").child(live(move || time(app, row))),
                div().class("second").child((
                    div().class("says").child(live(move || row.with(says))),
                    badge("badge", move || unread.get()),
                    span()
                        .class("spoken")
                        .child(live(move || (unread.get() > 0).then(|| w(say::list_unread(unread.get()))))),
                )),
            )),
    )
    .into_any()
}

fn time(app: App, row: RwSignal<ConversationRow>) -> String {
    let at = row.with(|row| row.last.as_ref().map(|last| last.at));
    at.map(|at| when(at, app.screens.today.get())).unwrap_or_default()
}

fn says(row: &ConversationRow) -> AnyView {
    let alarm = row.alarm.then(|| {
        (
            small_icon(icons::SHIELD_ALERT, "icon small alarm"),
            span().class("spoken").child(w(say::list_alarm())),
        )
    });
    let rest = match (&row.draft, &row.last) {
        _ if row.failed => (
            small_icon(icons::CIRCLE_ALERT, "icon small failed"),
            span().class("failed").child(w(say::list_failed())),
        )
            .into_any(),
        (Some(draft), _) => {
            let words = w(say::list_draft(&draft.0));
            theirs(move || words.clone())
        }
        (None, Some(last)) => line(last),
        (None, None) => span().child(w(say::list_nothing_yet())).into_any(),
    };
    (alarm, rest).into_any()
}

/// The newest line, with the mark of its state if it is one's own.
pub(super) fn line(last: &LastLine) -> AnyView {
    let text = last_line(last);
    let mark = last.own.map(|state| {
        (
            small_icon(state_icon(state), "icon small"),
            span().class("spoken").child(w(say::web_state_in_list(&own_state(state)))),
        )
    });
    (mark, theirs(move || text.clone())).into_any()
}

/// The mark of a state.
pub(crate) fn state_icon(state: OwnState) -> Icon {
    match state {
        OwnState::Queued => icons::CLOCK,
        OwnState::WaitingForKey => icons::HOURGLASS,
        OwnState::Sent => icons::CHECK,
        OwnState::Delivered => icons::CHECK_CHECK,
        OwnState::Read => icons::CIRCLE_CHECK,
        OwnState::Failed(_) => icons::CIRCLE_ALERT,
    }
}

/// Moves the focus to a row.
pub(super) fn focus(at: usize) {
    let Ok(rows) = document().query_selector_all(".rows .row") else { return };
    let row = rows.item(at as u32).and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(row) = row {
        let _ = row.focus();
    }
}
