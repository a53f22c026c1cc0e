-- Accounts and what belongs to them. No table here has a rowid and no key is a counter: the order of rows says
-- nothing about when they came (architecture, invariant 4). Times are days since 1970-01-01.

CREATE TABLE accounts (
    account BLOB NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE device_lists (
    account BLOB NOT NULL,
    era INTEGER NOT NULL,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL,
    list BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (account, era, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_packages (
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    package BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    PRIMARY KEY (account, device, package)
) STRICT, WITHOUT ROWID;

CREATE TABLE last_resorts (
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (account, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    upload BLOB NOT NULL,
    day INTEGER NOT NULL,
    PRIMARY KEY (account, device, upload)
) STRICT, WITHOUT ROWID;

CREATE TABLE drops (
    capability BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    account BLOB NOT NULL,
    device BLOB NOT NULL,
    item BLOB NOT NULL,
    sealed BLOB NOT NULL,
    day INTEGER NOT NULL,
    PRIMARY KEY (account, device, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
    code BLOB NOT NULL PRIMARY KEY,
    uses_left INTEGER NOT NULL,
    not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
