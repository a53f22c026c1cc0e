//! Sign-up as a person sees it.

use crate::Table;
use sotto_view::Action;
use sotto_view::connection::Connection;
use sotto_view::refusal::Refusal;
use sotto_view::start::SignUp;
use sotto_view::start::Stage;

pub(super) fn sign_up_asks_for_the_words_again_and_tells_what_is_wrong() {
    let mut table = Table::default();
    let alice = table.sit();
    let form = |table: &mut Table| match table.window(alice).sign_up() {
        SignUp::Form { refusal, .. } => refusal.clone(),
        other => panic!("not the form: {other:?}"),
    };
    let prepare = |server: &str, handle: &str| Action::Prepare {
        server: server.into(),
        handle: handle.into(),
        invite: String::new(),
    };
    assert_eq!(form(&mut table), None);
    table.act(alice, prepare("localhost", "a!"));
    assert_eq!(form(&mut table), Some(Refusal::HandleCharacter));
    table.act(alice, prepare("http://chat.example.org", "alice"));
    assert_eq!(form(&mut table), Some(Refusal::ServerAddress), "not without TLS");
    table.act(alice, prepare("localhost", "Alice"));
    let SignUp::Words { words } = table.window(alice).sign_up().clone() else { panic!("no words") };
    assert_eq!(words.0.len(), 12);
    table.act(alice, Action::WordsWritten);
    table.act(alice, Action::ConfirmWords { words: vec!["wrong".into(); 3] });
    let SignUp::Confirm { refusal, asked } = table.window(alice).sign_up().clone() else {
        panic!("not asked")
    };
    assert_eq!(refusal, Some(Refusal::WordsDiffer));
    table.act(alice, Action::Back);
    assert_eq!(*table.window(alice).sign_up(), SignUp::Words { words: words.clone() }, "shown again");
    table.act(alice, Action::WordsWritten);
    let typed =
        asked.iter().map(|place| format!(" {} ", words.0[usize::from(*place) - 1].to_uppercase())).collect();
    table.act(alice, Action::ConfirmWords { words: typed });
    assert!(matches!(table.window(alice).sign_up(), SignUp::Registering { .. }));
    table.settle();
    assert_eq!(table.window(alice).stage, Some(Stage::Ready));
    assert_eq!(table.window(alice).connection, Some(Connection::Online));
    assert_eq!(table.window(alice).settings.as_ref().unwrap().me.as_ref().unwrap().handle.as_str(), "alice");
}

pub(super) fn a_handle_that_is_taken_leads_back_to_the_form() {
    let mut table = Table::default();
    table.join("alice");
    let other = table.sit();
    table.act(
        other,
        Action::Prepare { server: "localhost".into(), handle: "alice".into(), invite: String::new() },
    );
    let SignUp::Words { words } = table.window(other).sign_up().clone() else { panic!("no words") };
    table.act(other, Action::WordsWritten);
    let SignUp::Confirm { asked, .. } = table.window(other).sign_up().clone() else { panic!("not asked") };
    let typed = asked.iter().map(|place| words.0[usize::from(*place) - 1].clone()).collect();
    table.act(other, Action::ConfirmWords { words: typed });
    table.settle();
    let SignUp::Form { refusal, handle, busy, .. } = table.window(other).sign_up() else {
        panic!("not the form")
    };
    assert_eq!((refusal.as_ref(), *busy), (Some(&Refusal::HandleTaken), false));
    assert_eq!(handle.as_ref().unwrap().as_str(), "alice", "as it was typed");
}
