//! Where the scenarios' databases come from: memory, unless somebody says otherwise.

use std::cell::RefCell;

use rusqlite::Connection;

/// Opens the database of this name, keyed; makes it where there is none.
type Opener = Box<dyn Fn(&str) -> Connection>;

struct Source {
    open: Opener,
    made: usize,
}

thread_local! {
    static FILES: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// From now on databases are files that `open` opens by their name.
pub fn are_files(open: impl Fn(&str) -> Connection + 'static) {
    FILES.set(Some(Source { open: Box::new(open), made: 0 }));
}

/// An empty database.
pub fn fresh() -> Connection {
    FILES.with_borrow_mut(|files| match files {
        None => Connection::open_in_memory().expect("memory has room"),
        Some(files) => {
            files.made += 1;
            (files.open)(&format!("{}.db", files.made))
        }
    })
}

/// What is left of a database after its program has ended: a file is closed and opened again.
pub fn again(connection: Connection) -> Connection {
    let name = connection.path().unwrap_or_default().to_owned();
    FILES.with_borrow(|files| match files {
        Some(files) if !name.is_empty() => {
            connection.close().map_err(|(_, error)| error).expect("nothing uses it any more");
            (files.open)(&name)
        }
        _ => connection,
    })
}
