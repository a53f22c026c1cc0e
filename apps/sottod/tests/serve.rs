//! The server as a process: its start, its end, and what it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod support;

use std::{fs, os::unix::net::UnixDatagram, process::Stdio};

use nix::sys::signal::Signal;
use sotto_wire::proto::{ErrorCode, topic_frame::Frame};
use support::{House, Serving, mode, topic_frame};

#[test]
fn a_first_start_says_where_it_listens_and_what_to_do_next() {
    let house = House::new();
    let serving = house.serve(&[]);
    assert!(serving.http("/health").contains("\"status\":\"ok\""));
    let url = serving.url.clone();
    let said = serving.stop();
    assert!(said.contains(&format!("serves {url}")), "{said}");
    assert!(said.contains("sottod invite"), "{said}");
    assert_eq!(mode(&house.data()), 0o700);
    assert_eq!(mode(&house.data().join("log-signing.key")), 0o600);
    for database in ["directory.db", "topics.db"] {
        assert_eq!(mode(&house.data().join(database)) & 0o077, 0, "{database} is for its owner alone");
    }
}

#[test]
fn the_log_key_is_the_same_after_every_start() {
    let house = House::new();
    let serving = house.serve(&[]);
    let (socket, first) = serving.hello();
    drop(socket);
    serving.stop();
    let serving = house.serve(&[]);
    assert_eq!(serving.hello().1.log_key, first.log_key);
    assert_eq!(first.log_key.len(), 32);
    assert_eq!(first.software, concat!("sottod ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn on_loopback_the_address_is_the_name_and_elsewhere_a_name_is_wanted() {
    let house = House::new();
    let serving = house.serve(&[]);
    assert_eq!(serving.hello().1.host, serving.address());
    drop(serving);
    let serving = house.serve(&["--public-url", "https://Chat.example.org"]);
    assert_eq!(serving.hello().1.host, "chat.example.org");
    drop(serving);

    let said = house.run(&["serve", "--behind-proxy"]).refused(2);
    assert!(said.contains("--public-url"), "{said}");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let house = House::new();
    let _serving = house.serve(&[]);
    let said = house.run(&["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(said.contains("another sottod is serving"), "{said}");
}

#[test]
fn an_address_in_use_is_named() {
    let house = House::new();
    let serving = house.serve(&[]);
    let other = house.path("other");
    let arguments = ["serve", "--listen", serving.address(), "--data", other.to_str().unwrap()];
    let said = house.run(&arguments).refused(1);
    assert!(said.contains(&format!("cannot listen on {}", serving.address())), "{said}");
}

#[test]
fn plain_http_where_others_can_read_along_is_refused() {
    let house = House::new();
    let arguments = ["serve", "--listen", "0.0.0.0:0", "--public-url", "http://chat.example.org"];
    let said = house.run(&arguments).refused(2);
    assert!(said.contains("refusing plain HTTP") && said.contains("--tls-cert"), "{said}");
    assert!(!house.data().exists(), "nothing is made before the settings are right");
}

#[test]
fn unknown_settings_are_refused_with_the_nearest_known_one() {
    let house = House::new();
    let config = house.path("sottod.toml");
    fs::write(&config, "public_url = \"https://a\"\n").unwrap();
    let said = house.run(&["serve", "--config", config.to_str().unwrap()]).refused(2);
    assert!(said.contains("unknown key public_url, did you mean public-url?"), "{said}");

    let done = house.command(&["invite"]).env("SOTTOD_DATTA", "/x").output().unwrap();
    let said = support::Done::from(done).refused(2);
    assert!(said.contains("unknown variable SOTTOD_DATTA, did you mean SOTTOD_DATA?"), "{said}");

    let said = house.run(&["serve", "--lissten", "x"]).refused(2);
    assert!(said.contains("--listen"), "{said}");
}

#[test]
fn a_stopping_server_tells_its_clients() {
    let house = House::new();
    let serving = house.serve(&[]);
    let (mut socket, _) = serving.hello();
    serving.signal(Signal::SIGINT);
    match topic_frame(&mut socket) {
        Frame::Closing(error) => assert_eq!(error.code(), ErrorCode::ShuttingDown),
        other => panic!("{other:?}"),
    }
    drop(socket);
    assert!(serving.wait().0.success());
    for left in ["directory.db-wal", "topics.db-wal"] {
        let log = house.data().join(left);
        assert!(!log.exists() || fs::metadata(&log).unwrap().len() == 0, "{left} was not taken over");
    }
}

#[test]
fn a_second_signal_stops_at_once() {
    let house = House::new();
    let serving = house.serve(&[]);
    let (mut socket, _) = serving.hello();
    serving.signal(Signal::SIGTERM);
    // It has said goodbye and waits for this client, which does not leave.
    assert!(matches!(topic_frame(&mut socket), Frame::Closing(_)));
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.wait().0.code(), Some(1));
}

#[test]
fn a_limit_on_file_sizes_does_not_end_the_server() {
    let house = House::new();
    let serving = house.serve(&[]);
    serving.signal(Signal::SIGXFSZ);
    assert!(serving.http("/health").contains("\"status\":\"ok\""));
    serving.stop();
}

#[test]
fn systemd_is_told() {
    let house = House::new();
    let path = house.path("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    let mut command = house.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path);
    let serving = Serving::start(command);
    let mut text = [0; 64];
    let count = systemd.recv(&mut text).unwrap();
    assert_eq!(&text[..count], b"READY=1");
    serving.stop();
    let count = systemd.recv(&mut text).unwrap();
    assert_eq!(&text[..count], b"STOPPING=1");
}

#[test]
fn a_renewed_certificate_is_used_after_a_hang_up_signal() {
    let house = House::new();
    let (cert, key) = (house.path("cert.pem"), house.path("key.pem"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    };
    write();
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let mut serving = house.serve(&files);
    assert!(serving.url.starts_with("https://"));
    write();
    serving.signal(Signal::SIGHUP);
    serving.wait_for_log("certificate read again");
    fs::write(&key, "broken").unwrap();
    serving.signal(Signal::SIGHUP);
    serving.wait_for_log("the certificate in use stays");
    serving.stop();
}

#[test]
fn databases_without_their_key_are_not_served() {
    let house = House::new();
    house.serve(&[]).stop();
    fs::remove_file(house.data().join("log-signing.key")).unwrap();
    let said = house.run(&["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(said.contains("log-signing.key is missing") && said.contains("backup"), "{said}");
    assert!(!house.data().join("log-signing.key").exists(), "a new key would look like a forgery");
}

#[test]
fn a_damaged_database_is_refused_with_the_way_out() {
    let house = House::new();
    house.serve(&[]).stop();
    let database = house.data().join("topics.db");
    fs::write(&database, vec![0x5A; 8192]).unwrap();
    let said = house.run(&["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(said.contains("topics.db") && said.contains("backup"), "{said}");
}

#[test]
fn a_newer_database_is_refused_with_the_way_out_and_stays_as_it_is() {
    let house = House::new();
    house.serve(&[]).stop();
    let database = house.data().join("directory.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    db.close().unwrap();
    let before = fs::read(&database).unwrap();
    let said = house.run(&["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(said.contains("has format 999") && said.contains("run the newer sottod"), "{said}");
    assert!(fs::read(&database).unwrap() == before);
}

#[test]
fn help_teaches_by_example() {
    let house = House::new();
    let help = house.run(&["--help"]).fine();
    assert!(help.contains("sottod invite --uses 5 --expires 7d") && help.contains("Exit codes"), "{help}");
    for command in ["serve", "invite", "doctor", "inventory", "backup", "restore"] {
        let help = house.run(&[command, "--help"]).fine();
        assert!(help.contains("Example"), "{command}: {help}");
    }
    let said = house.command(&["nonsense"]).stdout(Stdio::null()).output().unwrap();
    assert_eq!(said.status.code(), Some(2));
}
