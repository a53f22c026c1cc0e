//! Before the conversations: one page at a time, in one quiet column.

mod broken;
mod confirm;
mod form;
mod lock;
mod registering;
mod unlock;
mod words_page;

use leptos::html::{div, h1, header, main, p};
use leptos::prelude::*;
use sotto_texts::say;
use sotto_view::refusal::Refusal;
use sotto_view::start::{SignUp, Stage};

use crate::app::App;
use crate::pieces::{live, mark};
use crate::words::{self, w};

/// Which page: what is typed on one stays while only its state changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Opening,
    Lock,
    Unlock,
    Form,
    Words,
    Confirm,
    Registering,
    Broken,
}

/// Draws the page for the stage.
pub(crate) fn draw(app: App) -> AnyView {
    let page = Memo::new(move |_| app.screens.stage.with(|stage| page(stage.as_ref())));
    main()
        .class("start")
        .child(live(move || match page.get() {
            Page::Opening => opening(app),
            Page::Lock => lock::draw(app),
            Page::Unlock => unlock::draw(app),
            Page::Form => form::draw(app),
            Page::Words => words_page::draw(app),
            Page::Confirm => confirm::draw(app),
            Page::Registering => registering::draw(app),
            Page::Broken => broken::draw(app),
        }))
        .into_any()
}

fn page(stage: Option<&Stage>) -> Page {
    match stage {
        None | Some(Stage::Opening | Stage::Ready | Stage::Restoring(_)) => Page::Opening,
        Some(Stage::Lock(_)) => Page::Lock,
        Some(Stage::Unlock(_)) => Page::Unlock,
        Some(Stage::SignUp(SignUp::Form { .. })) => Page::Form,
        Some(Stage::SignUp(SignUp::Words { .. })) => Page::Words,
        Some(Stage::SignUp(SignUp::Confirm { .. })) => Page::Confirm,
        Some(Stage::SignUp(SignUp::Registering { .. })) => Page::Registering,
        Some(Stage::Broken(_)) => Page::Broken,
    }
}

/// Whether something is being done.
fn busy(app: App) -> Memo<bool> {
    Memo::new(move |_| {
        app.screens.stage.with(|stage| match stage {
            Some(Stage::Lock(lock)) => lock.busy,
            Some(Stage::Unlock(unlock)) => unlock.busy,
            Some(Stage::SignUp(SignUp::Form { busy, .. })) => *busy,
            _ => false,
        })
    })
}

/// Why the last try did not do it, in words.
fn refused(app: App) -> Option<String> {
    refusal(app).as_ref().map(words::refusal)
}

fn refusal(app: App) -> Option<Refusal> {
    app.screens.stage.with(|stage| match stage {
        Some(Stage::Lock(lock)) => lock.refusal.clone(),
        Some(Stage::Unlock(unlock)) => unlock.refusal.clone(),
        Some(Stage::SignUp(SignUp::Form { refusal, .. } | SignUp::Confirm { refusal, .. })) => {
            refusal.clone()
        }
        _ => None,
    })
}

/// Steps of making an account.
const STEPS: u64 = 4;

/// The head of a page.
fn head(step: Option<u64>, title: String, lead: String) -> AnyView {
    header()
        .child((
            mark("mark"),
            step.map(|step| p().class("step").child(w(say::web_step(step, STEPS)))),
            h1().child(title),
            (!lead.is_empty()).then(|| p().class("lead").child(lead)),
        ))
        .into_any()
}

/// Nothing to do but wait, and that only if it takes long enough to notice.
fn opening(app: App) -> AnyView {
    let words = move || {
        app.screens.stage.with(|stage| match stage {
            Some(Stage::Restoring(restoring)) => match restoring.done_permille {
                Some(done) => {
                    let (title, done) = (say::restoring_title(), say::restoring_done(u64::from(done) / 10));
                    format!("{}\n{}", w(title), w(done))
                }
                None => w(say::restoring_title()),
            },
            _ => w(say::start_opening()),
        })
    };
    div()
        .class("opening skeleton")
        .attr("role", "status")
        .child((mark("mark"), h1().class("spoken").child(w(say::app_name())), p().child(words)))
        .into_any()
}
