//! Names of failures, for scripts: `code` in what `--json` prints on standard error. docs/cli.md lists them from here.

use clap::ValueEnum;
use serde::Serialize;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Code {
    /// The profile has no account
    NoAccount,
    /// The profile already has an account
    AccountExists,
    /// A registration was begun and not finished
    RegistrationUnfinished,
    /// There is no registration to finish
    NothingPrepared,
    /// The recovery words were not typed back; nothing was registered
    WordsNotConfirmed,
    /// The file for the recovery words is there already
    WordsFile,
    /// Somebody has the handle
    HandleTaken,
    /// Nobody has the handle
    HandleUnknown,
    /// The server takes no new accounts
    RegistrationClosed,
    /// The server wants an invitation, and this is not a good one
    InviteInvalid,
    /// The server asks to slow down
    RateLimited,
    /// The server needs a newer Sotto
    ServerTooNew,
    /// The server is too old
    ServerTooOld,
    /// The server signs with another key than before
    ServerChanged,
    /// Device and server clock differ by more than a day
    ClockOff,
    /// The server refused for a reason of its own
    Server,
    /// Refused for a reason without a name of its own
    Refused,
    /// There is no such conversation
    ConversationUnknown,
    /// There is no request from them
    NoRequest,
    /// The person is blocked
    Blocked,
    /// It is one's own account
    Myself,
    /// There is no text
    TextEmpty,
    /// The text is longer than 64 KiB
    TextTooLong,
    /// Standard input is not UTF-8
    NotUtf8,
    /// The name is too long
    NameTooLong,
    /// The name has characters that cannot be shown
    NameUnfit,
    /// It was given up meanwhile: the person was blocked, or their keys did not verify
    GivenUp,
    /// There is no alarm with this number
    AlarmUnknown,
    /// The message waits for a key of theirs; it stays queued
    WaitingForKey,
    /// The message cannot be sent
    NotSent,
    /// The message was not even queued
    NotQueued,
    /// The server's address does not parse
    ServerAddress,
    /// Plain HTTP to another machine
    PlainHttp,
    /// The server's name has no address
    ServerName,
    /// Nothing answers at the server's address
    ServerGone,
    /// The server does not do its part in time
    ServerSlow,
    /// No secure connection to the server
    Tls,
    /// The proxy cannot be used; nothing went around it
    Proxy,
    /// What answers is not a Sotto server
    NotSotto,
    /// The server sends what no Sotto server sends
    Malformed,
    /// The disk is full
    DiskFull,
    /// The database is damaged
    Damaged,
    /// The database cannot be written
    ReadOnly,
    /// The database cannot be used for another reason
    Storage,
    /// A newer Sotto has used the profile
    NewerDatabase,
    /// The profile's folder cannot be used
    Folder,
    /// The folder has other things in it
    ForeignFolder,
    /// Another sotto holds the profile
    Busy,
    /// Another version of sotto holds the profile
    OtherVersion,
    /// The sotto that holds the profile does not use this proxy
    OtherProxy,
    /// The sotto that held the profile stopped half-way
    Interrupted,
    /// The key file is gone
    KeyMissing,
    /// The key file is damaged
    KeyDamaged,
    /// The key file cannot be read or written
    KeyFile,
    /// A newer Sotto has written the key file
    NewerKeyFile,
    /// The operating system's keyring does not give the key
    Keyring,
    /// The passphrase is wrong
    WrongPassphrase,
    /// A passphrase is needed and nobody is there to ask
    NoPassphrase,
    /// The passphrase is empty
    EmptyPassphrase,
    /// There are alarms that nobody has marked as seen
    Alarms,
    /// Ctrl-C or SIGTERM
    Stopped,
    /// Reading or writing failed
    Io,
    /// The command needs the network (exit code 2)
    Offline,
    /// There is no such command (exit code 2)
    CommandUnknown,
    /// The certificate file is of no use (exit code 2)
    Ca,
    /// There is no home folder (exit code 2)
    NoHome,
}
