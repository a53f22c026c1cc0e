-- Accounts, their lists, key packages, inboxes, and what admits to them.
-- Times are days. No table has a rowid, every key is random or a hash, so no row tells when it was written, and
-- nothing here names a topic.

CREATE TABLE accounts (
    id     BLOB PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE lists (
    account   BLOB NOT NULL,
    era       INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    list      BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (account, era, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_packages (
    account       BLOB NOT NULL,
    device        BLOB NOT NULL,
    key           BLOB NOT NULL,
    body          BLOB NOT NULL,
    signature     BLOB NOT NULL,
    not_after_day INTEGER NOT NULL,
    PRIMARY KEY (account, device, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE last_resort_packages (
    account       BLOB NOT NULL,
    device        BLOB NOT NULL,
    body          BLOB NOT NULL,
    signature     BLOB NOT NULL,
    not_after_day INTEGER NOT NULL,
    PRIMARY KEY (account, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    account BLOB NOT NULL,
    device  BLOB NOT NULL,
    upload  BLOB NOT NULL,
    day     INTEGER NOT NULL,
    PRIMARY KEY (account, device, upload)
) STRICT, WITHOUT ROWID;

CREATE TABLE drop_capabilities (
    hash          BLOB PRIMARY KEY,
    account       BLOB NOT NULL,
    device        BLOB NOT NULL,
    not_after_day INTEGER NOT NULL,
    spent_on      BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    account BLOB NOT NULL,
    device  BLOB NOT NULL,
    key     BLOB NOT NULL,
    day     INTEGER NOT NULL,
    sealed  BLOB NOT NULL,
    PRIMARY KEY (account, device, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
    hash          BLOB PRIMARY KEY,
    uses_left     INTEGER NOT NULL,
    not_after_day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
