use std::sync::Mutex;

use sotto_engine::api::{Event, MessageState};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;

use super::*;
use crate::database::StorageTrouble;
use crate::fake::{Disk, Fake, SharedDisk, bob};
use crate::key::{Passphrase, PassphraseQuestion};
use crate::profile::ProfileLock;
use crate::socket;

struct Nobody;
impl Asker for Nobody {
    fn passphrase(&self, _: PassphraseQuestion) -> Option<Passphrase> {
        None
    }
    fn has_passphrase_at_hand(&self) -> bool {
        false
    }
    fn waiting_for_holder(&self) {}
}

/// A profile folder, and sessions on it that share one fake disk.
struct Place {
    dir: tempfile::TempDir,
    disk: SharedDisk,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), disk: Arc::new(Mutex::new(Disk::default())) }
    }

    fn profile(&self) -> Profile {
        Profile::at(self.dir.path().join("p"))
    }

    fn options() -> Options {
        Options {
            network: Arc::new(Network::direct()),
            clock: Clock::system(),
            missing: Missing::Create,
            protection: Protection::InsecureFile,
            check: Check::Pages,
            patience: Duration::from_secs(20),
        }
    }

    async fn try_open(&self, options: Options) -> Result<Session, OpenError> {
        let disk = self.disk.clone();
        let open_machine: OpenMachine = Arc::new(move |_| Ok(Box::new(Fake(disk.clone()))));
        let (profile, asker) = (self.profile(), Arc::new(Nobody));
        Session::open_with(Joining { profile, options, asker, open_machine }).await
    }

    async fn open(&self) -> Session {
        self.try_open(Self::options()).await.unwrap()
    }

    fn texts(&self) -> Vec<String> {
        self.disk.lock().unwrap().messages.iter().filter_map(|line| line.text.clone()).collect()
    }
}

fn block() -> Command {
    Command::Block { who: bob() }
}

async fn next_notice(session: &mut Session) -> Notice {
    match session.next().await.unwrap() {
        Heard::Notice(notice) => notice,
        Heard::Reply(..) => panic!("nothing was begun"),
    }
}

/// Whether a notice like this was kept while something else was waited for.
fn kept(session: &Session, wanted: impl Fn(&Notice) -> bool) -> bool {
    session.heard.iter().any(|spoken| matches!(spoken, Spoken::Notice(notice) if wanted(notice)))
}

#[tokio::test]
async fn a_second_session_is_served_by_the_first() {
    let place = Place::new();
    let mut holder = place.open().await;
    let mut guest = place.open().await;
    assert_eq!((holder.role(), guest.role()), (Role::Holder, Role::Guest));
    let text = "two\nlines, and a \u{202e}trick".to_owned();
    let id = guest.send(bob(), text.clone()).await.unwrap();
    let line = &holder.history(bob(), 10, None).await.unwrap()[0];
    assert_eq!((line.id, line.text.as_ref()), (id, Some(&text)));
    assert_eq!(guest.history(bob(), 10, None).await.unwrap(), std::slice::from_ref(line));
}

#[tokio::test]
async fn everybody_hears_what_anybody_caused_before_the_answer_to_it() {
    let place = Place::new();
    let mut holder = place.open().await;
    let mut guest = place.open().await;
    let id = guest.send(bob(), "hi".to_owned()).await.unwrap();
    let queued = |notice: &Notice| matches!(notice.event(), Some(Event::MessageState { message, state: MessageState::Queued, .. }) if *message == id);
    assert!(kept(&guest, queued), "the notice came before the answer");
    assert!(queued(&next_notice(&mut holder).await));
}

#[tokio::test]
async fn when_the_holder_leaves_a_guest_takes_over() {
    let place = Place::new();
    let holder = place.open().await;
    let mut guest = place.open().await;
    guest.go_online().await.unwrap();
    holder.close().await;
    guest.command(block()).await.unwrap();
    assert_eq!(guest.role(), Role::Holder);
    assert!(kept(&guest, |notice| matches!(notice, Notice::Resumed)));
    let inputs = place.disk.lock().unwrap().inputs.clone();
    let last_online = inputs.iter().rposition(|input| input == "SetOnline { online: true }");
    let last_offline = inputs.iter().rposition(|input| input == "SetOnline { online: false }");
    assert!(last_online > last_offline, "the new holder is online again: {inputs:?}");
}

#[tokio::test]
async fn a_guest_that_only_listens_takes_over_too() {
    let place = Place::new();
    let holder = place.open().await;
    let mut guest = place.open().await;
    let (notice, ()) = tokio::join!(next_notice(&mut guest), holder.close());
    assert!(matches!(notice, Notice::Resumed), "{notice:?}");
    assert_eq!(guest.role(), Role::Holder);
}

#[tokio::test]
async fn notices_are_heard_while_a_command_is_under_way() {
    let place = Place::new();
    let mut session = place.open().await;
    let sync = session.begin(Command::Sync).await;
    session.send(bob(), "hi".to_owned()).await.unwrap();
    assert!(matches!(next_notice(&mut session).await.event(), Some(Event::MessageState { .. })));
    place.disk.lock().unwrap().answers_sync = true;
    let second = session.begin(Command::Sync).await;
    let Heard::Reply(ticket, Ok(Reply::Synced { .. })) = session.next().await.unwrap() else {
        panic!("no reply")
    };
    assert_eq!(ticket, second);
    assert_ne!(ticket, sync);
}

#[tokio::test]
async fn a_command_under_way_is_repeated_with_the_next_holder_if_that_is_harmless() {
    let place = Place::new();
    let holder = place.open().await;
    let mut guest = place.open().await;
    let disk = place.disk.clone();
    let leave = async {
        // Until the first holder has begun with it.
        while !disk.lock().unwrap().inputs.iter().any(|input| input == "Sync") {
            tokio::task::yield_now().await;
        }
        disk.lock().unwrap().answers_sync = true;
        holder.close().await;
    };
    let (reply, ()) = tokio::join!(guest.command(Command::Sync), leave);
    assert!(matches!(reply, Ok(Reply::Synced { .. })), "{reply:?}");
}

#[tokio::test]
async fn a_command_under_way_that_would_happen_twice_is_not_repeated() {
    let place = Place::new();
    let holder = place.open().await;
    let mut guest = place.open().await;
    let disk = place.disk.clone();
    let leave = async {
        while !disk.lock().unwrap().inputs.iter().any(|input| input.starts_with("StartOver")) {
            tokio::task::yield_now().await;
        }
        holder.close().await;
    };
    let (reply, ()) = tokio::join!(guest.command(Command::StartOver { conversation: bob() }), leave);
    assert!(matches!(reply, Err(SessionError::Interrupted)), "{reply:?}");
    let begun = disk.lock().unwrap().inputs.iter().filter(|input| input.starts_with("StartOver")).count();
    assert_eq!(begun, 1);
}

/// A holder that dies as soon as it has read the request to send; `store` says how far it came.
async fn dying_holder(listener: UnixListener, lock: ProfileLock, store: impl FnOnce()) {
    let (stream, _) = listener.accept().await.unwrap();
    let (incoming, mut outgoing) = stream.into_split();
    let mut requests = BufReader::new(incoming).lines();
    outgoing.write_all(b"{\"socket\":1,\"version\":\"0\",\"proxy\":null}\n").await.unwrap();
    let history = requests.next_line().await.unwrap().unwrap();
    assert!(history.contains("\"history\""), "{history}");
    outgoing.write_all(b"{\"answer\":{\"id\":1,\"result\":{\"Ok\":{\"messages\":[]}}}}\n").await.unwrap();
    let send = requests.next_line().await.unwrap().unwrap();
    assert!(send.contains("\"command\":\"send\""), "{send}");
    store();
    drop(lock);
}

#[tokio::test]
async fn a_message_is_queued_once_however_the_holder_dies() {
    for was_stored in [true, false] {
        let place = Place::new();
        // Makes the profile.
        place.open().await.close().await;
        let lock = place.profile().try_lock().unwrap().unwrap();
        let listener = socket::bind(&place.profile()).unwrap();
        let disk = place.disk.clone();
        let store = || {
            if was_stored {
                disk.lock().unwrap().store(Clock::system().now(), "hello".to_owned());
            }
        };
        let send = async { place.open().await.send(bob(), "hello".to_owned()).await };
        let (sent, ()) = tokio::join!(send, dying_holder(listener, lock, store));
        assert_eq!(sent.unwrap(), place.disk.lock().unwrap().messages[0].id);
        assert_eq!(place.texts(), ["hello"]);
    }
}

#[tokio::test]
async fn many_short_sessions_at_once_all_get_their_turn() {
    let place = Arc::new(Place::new());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..24 {
        let place = place.clone();
        tasks.spawn(async move {
            let mut session = place.open().await;
            session.send(bob(), format!("message {number}")).await.unwrap();
            session.close().await;
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let mut texts = place.texts();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 24);
}

#[tokio::test]
async fn the_socket_works_in_a_folder_with_a_long_name() {
    let mut place = Place::new();
    let long = place.dir.path().join("n".repeat(200));
    std::fs::create_dir(&long).unwrap();
    place.dir = tempfile::tempdir_in(long).unwrap();
    let _holder = place.open().await;
    let mut guest = place.open().await;
    assert_eq!(guest.role(), Role::Guest);
    guest.command(block()).await.unwrap();
}

#[tokio::test]
async fn a_holder_of_another_version_is_named() {
    let place = Place::new();
    place.open().await.close().await;
    let _lock = place.profile().try_lock().unwrap().unwrap();
    let listener = socket::bind(&place.profile()).unwrap();
    let holder = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"{\"socket\":2,\"version\":\"9.1.0\",\"proxy\":null,\"more\":1}\n").await.unwrap();
    };
    let (opened, ()) = tokio::join!(place.try_open(Place::options()), holder);
    assert!(matches!(opened, Err(OpenError::OtherVersion { version }) if version == "9.1.0"));
}

#[tokio::test]
async fn a_guest_who_wants_a_proxy_is_not_served_without_it() {
    let place = Place::new();
    let _holder = place.open().await;
    let proxy: crate::Proxy = "socks5h://127.0.0.1:9050".parse().unwrap();
    let proxied = Options { network: Arc::new(Network::direct().through(proxy)), ..Place::options() };
    assert!(matches!(place.try_open(proxied).await, Err(OpenError::OtherProxy)));
}

#[tokio::test]
async fn a_holder_that_does_not_answer_is_not_waited_for_forever() {
    let place = Place::new();
    place.open().await.close().await;
    let _lock = place.profile().try_lock().unwrap().unwrap();
    let hasty = Options { patience: Duration::from_millis(60), ..Place::options() };
    assert!(matches!(place.try_open(hasty).await, Err(OpenError::Busy)));
}

#[tokio::test]
async fn looking_at_a_profile_that_is_not_there_makes_none() {
    let place = Place::new();
    let only_look = Options { missing: Missing::Refuse, ..Place::options() };
    assert!(matches!(place.try_open(only_look).await, Err(OpenError::NoProfile)));
    assert!(!place.profile().dir().exists());
}

#[tokio::test]
async fn trouble_with_the_disk_reaches_whoever_waits_and_everybody_else() {
    let place = Place::new();
    let mut holder = place.open().await;
    let mut guest = place.open().await;
    place.disk.lock().unwrap().trouble = Some(StorageTrouble::Full);
    let refused = guest.send(bob(), "hi".to_owned()).await;
    assert!(matches!(refused, Err(SessionError::Storage(StorageTrouble::Full))), "{refused:?}");
    let notice = next_notice(&mut holder).await;
    assert!(matches!(notice, Notice::Storage { trouble: StorageTrouble::Full }), "{notice:?}");
    // Room again: it goes on.
    place.disk.lock().unwrap().trouble = None;
    guest.send(bob(), "hi".to_owned()).await.unwrap();
}

#[tokio::test]
async fn an_unreachable_server_is_named_to_the_person_and_closed_to_the_engine() {
    let place = Place::new();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    place.disk.lock().unwrap().server = Some(format!("http://127.0.0.1:{port}"));
    let mut session = place.open().await;
    session.go_online().await.unwrap();
    let notice = next_notice(&mut session).await;
    assert!(
        matches!(notice, Notice::Connection { trouble: crate::ConnectTrouble::Refused, .. }),
        "{notice:?}"
    );
    assert!(matches!(next_notice(&mut session).await.event(), Some(Event::Offline { .. })));
    assert!(place.disk.lock().unwrap().inputs.contains(&"closed Topic".to_owned()));
}

#[tokio::test]
async fn frames_go_both_ways_in_order_and_continuations_wait_for_them() {
    let place = Place::new();
    let frames = 3 * crate::limits::FRAMES_WAITING_MAX;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    {
        let mut disk = place.disk.lock().unwrap();
        disk.server = Some(format!("http://{}", listener.local_addr().unwrap()));
        disk.frames_to_send = frames;
    }
    let server = async {
        use futures_util::{SinkExt, StreamExt};
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        for _ in 0..frames {
            assert_eq!(socket.next().await.unwrap().unwrap().into_data().len(), 10);
        }
        socket.send(vec![1; 1_000_000].into()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().into_data().len(), 1_000_000);
        // Closed by the farewell below.
        assert!(socket.next().await.is_none_or(|last| last.is_ok_and(|message| message.is_close())));
    };
    let client = async {
        let mut session = place.open().await;
        session.go_online().await.unwrap();
        for _ in 0..2 {
            assert!(matches!(next_notice(&mut session).await.event(), Some(Event::Online)));
        }
        session.close().await;
    };
    tokio::join!(server, client);
    let inputs = place.disk.lock().unwrap().inputs.clone();
    assert_eq!(inputs.iter().filter(|input| *input == "continue").count(), frames);
    assert_eq!(inputs.iter().filter(|input| *input == "frame Topic 1000000").count(), 1);
}
