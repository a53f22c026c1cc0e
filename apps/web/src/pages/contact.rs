//! The page about a person: who they are, how to be certain, what can be done.

use leptos::ev;
use leptos::html::{aside, button, div, h2, h3, header, p, section, span};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::Action;
use sotto_view::contact::{ContactPage, Numbers};
use sotto_view::thread::Standing;

use crate::app::App;
use crate::icons::{self, Icon};
use crate::pieces::{
    AvatarSize, avatar, focus_if_lost, give_back_focus, icon, icon_button, live, theirs, verified_mark,
};
use crate::words::{called, handle, w};

/// The page; nothing when none is open.
pub(crate) fn contact(app: App) -> AnyView {
    let page = Memo::new(move |_| app.screens.contact.get());
    give_back_focus();
    // Where there is no room beside the conversation it covers what had the focus.
    focus_if_lost(".drawer .icon-button");
    live(move || page.get().map(|page| drawer(app, page)))
}

fn drawer(app: App, page: ContactPage) -> AnyView {
    let name = called(&page.person);
    aside()
        .class("drawer")
        .attr("aria-label", w(say::contact_title(&name)))
        .child((
            header().class("pane-head").child((
                div().class("grow"),
                icon_button("icon-button", icons::X, w(say::web_details_close(&name)), move || {
                    app.act(Action::CloseContact);
                }),
            )),
            div().class("contact").child((
                who(&page),
                certain(&page),
                alarms(&page),
                actions(app, &page),
                account(&page),
            )),
        ))
        .into_any()
}

fn who(page: &ContactPage) -> AnyView {
    let name = called(&page.person);
    let verified = page.person.verified;
    let beside = page.person.name.is_some().then(|| handle(&page.person)).flatten();
    let standing = match page.standing {
        Standing::Open => say::contact_standing_open(),
        Standing::Request => say::contact_standing_request(),
        Standing::Declined => say::contact_standing_declined(),
        Standing::Blocked => say::contact_standing_blocked(),
    };
    div()
        .class("who")
        .child((
            avatar(&page.person, AvatarSize::Large),
            h2().class("name").child((theirs(move || name.clone()), verified_mark(move || verified))),
            beside.map(|handle| p().class("soft").child(handle)),
            p().class("soft").child(w(standing)),
        ))
        .into_any()
}

/// How to be certain who it is.
fn certain(page: &ContactPage) -> AnyView {
    let handle = handle(&page.person).unwrap_or_else(|| called(&page.person));
    let body = match &page.numbers {
        Some(numbers) => {
            (digits(numbers), p().class("note").child(w(say::contact_numbers_lead()))).into_any()
        }
        None => (
            p().class("note").child(w(say::contact_first(&handle))),
            p().class("note").child(w(say::contact_numbers_later())),
        )
            .into_any(),
    };
    section().class("section").child((h3().child(w(say::contact_numbers())), body)).into_any()
}

fn digits(numbers: &Numbers) -> AnyView {
    let groups = numbers.groups.iter().map(|group| span().child(group.clone())).collect::<Vec<_>>();
    div().class("digits").attr("translate", "no").child(groups).into_any()
}

fn alarms(page: &ContactPage) -> Option<AnyView> {
    let count = page.alarms;
    (count > 0).then(|| p().class("note warn-note").child(w(say::contact_alarms(count))).into_any())
}

fn actions(app: App, page: &ContactPage) -> AnyView {
    let conversation = page.key;
    let start_over = line(
        icons::REFRESH_CW,
        "line",
        w(say::action_start_over()),
        w(say::contact_start_over_hint()),
        move || {
            app.act(Action::StartOver { conversation });
        },
    );
    let block = if page.standing == Standing::Blocked {
        line(icons::UNDO_2, "line", w(say::action_unblock()), w(say::contact_unblock_hint()), move || {
            app.act(Action::Unblock { conversation });
        })
    } else {
        line(icons::BAN, "line danger", w(say::action_block()), w(say::contact_block_hint()), move || {
            app.act(Action::Block { conversation });
        })
    };
    div().class("card").child((start_over, block)).into_any()
}

fn line(what: Icon, class: &'static str, words: String, hint: String, press: impl Fn() + 'static) -> AnyView {
    button()
        .class(class)
        .attr("type", "button")
        .on(ev::click, move |_| press())
        .child((
            icon(what),
            span().class("grow").child((div().child(words), div().class("hint").child(hint))),
        ))
        .into_any()
}

fn account(page: &ContactPage) -> AnyView {
    let number = page.account.map(|account| account.to_string());
    section()
        .class("section")
        .child((
            h3().child(w(say::contact_account())),
            p().class("note number-code")
                .attr("translate", "no")
                .child(number.unwrap_or_else(|| w(say::contact_account_pending()))),
        ))
        .into_any()
}
