-- The client's tables. One connection owns them; every input is one transaction.

CREATE TABLE account (
    only_one      INTEGER PRIMARY KEY CHECK (only_one = 1),
    state         INTEGER NOT NULL,            -- AccountState
    account       BLOB NOT NULL,
    device        BLOB NOT NULL,
    handle        TEXT NOT NULL,
    display_name  TEXT,
    server        TEXT NOT NULL,
    invite        TEXT,
    log_key       BLOB,                        -- the server's, as first seen
    device_secret BLOB NOT NULL,
    aik_secret    BLOB NOT NULL
);

-- Device lists of this account and of contacts, as signed.
CREATE TABLE lists (
    account   BLOB NOT NULL,
    era       INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    list      BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (account, era, version)
) WITHOUT ROWID;

CREATE TABLE key_packages (
    hint        BLOB PRIMARY KEY,              -- first 8 bytes of SHA-256(seal key)
    seal_secret BLOB NOT NULL,
    body        BLOB NOT NULL,
    signature   BLOB NOT NULL,
    last_resort INTEGER NOT NULL,
    upload      BLOB NOT NULL,
    published   INTEGER NOT NULL,
    not_after   INTEGER NOT NULL               -- minute
) WITHOUT ROWID;

-- MLS state: keys and MessagePack values are secrecy's.
CREATE TABLE mls (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE conversations (
    id           INTEGER PRIMARY KEY,
    conversation BLOB UNIQUE,                  -- NULL until the handle has been looked up
    peer         BLOB UNIQUE,
    handle       TEXT UNIQUE,
    claimed      TEXT,                         -- handle a Welcome claimed, not looked up yet
    display_name TEXT,
    standing     INTEGER NOT NULL,             -- Standing
    unblocked    INTEGER,                      -- Standing to return to after a block
    name_sent    TEXT,                         -- own display name as the peer knows it
    opened_at    INTEGER NOT NULL,
    repaired_at  INTEGER NOT NULL DEFAULT 0,   -- last automatic new leg
    draft        TEXT                          -- begun and not sent; never leaves this device
);

CREATE TABLE legs (
    topic            BLOB PRIMARY KEY,
    conversation     INTEGER NOT NULL REFERENCES conversations (id),
    leg_no           INTEGER NOT NULL,
    state            INTEGER NOT NULL,         -- LegState
    slot             BLOB NOT NULL,
    slot_secret      BLOB NOT NULL,
    next_slot_secret BLOB,                     -- replacement under way
    capability       BLOB NOT NULL,
    generation       INTEGER NOT NULL,
    control_secret   BLOB NOT NULL,
    cursor           INTEGER NOT NULL,
    chain            BLOB NOT NULL,
    head             INTEGER NOT NULL,
    acked            INTEGER NOT NULL,
    heard            INTEGER NOT NULL DEFAULT 0, -- minute of the server's last signed word about the slot
    minute           INTEGER NOT NULL DEFAULT 0,
    sorted_to        INTEGER NOT NULL DEFAULT 0, -- ms: no later line of this leg sorts before
    update_due       INTEGER,                  -- ms
    signed           BLOB,                     -- the server's newest signed word about the log: half of a contradiction
    discard_to       INTEGER NOT NULL DEFAULT 0 -- lines up to here arrived while blocked
) WITHOUT ROWID;
CREATE INDEX legs_by_conversation ON legs (conversation);
-- A follow names slots: two legs with one slot could never be followed together.
CREATE UNIQUE INDEX legs_by_slot ON legs (slot);

-- Chain values already passed: what peers' messages are compared with.
CREATE TABLE chains (
    topic BLOB NOT NULL,
    seq   INTEGER NOT NULL,
    chain BLOB NOT NULL,
    PRIMARY KEY (topic, seq)
) WITHOUT ROWID;

-- Append ids of this device: an entry under one of them is its own, whatever the server said.
CREATE TABLE own_appends (
    topic     BLOB NOT NULL,
    append_id BLOB NOT NULL,
    PRIMARY KEY (topic, append_id)
) WITHOUT ROWID;

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    message      BLOB NOT NULL,
    sender       BLOB NOT NULL,
    device       BLOB NOT NULL,
    own          INTEGER NOT NULL,
    kind         INTEGER NOT NULL,             -- MessageKind
    text         TEXT,
    sent_at      INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    failure      INTEGER,
    topic        BLOB,
    leg_no       INTEGER,
    seq          INTEGER,
    minute       INTEGER,
    sort_at      INTEGER,                      -- ms: the writer's clock, held within the server's minute
    payload      BLOB,                         -- ApplicationPayload: what a report would reveal
    unread       INTEGER NOT NULL DEFAULT 0,   -- somebody else's, and not seen on this device
    UNIQUE (conversation, device, message)
);
CREATE INDEX messages_in_order ON messages (conversation, sort_at, leg_no, topic, seq, id);
CREATE INDEX messages_by_id ON messages (message);
CREATE INDEX messages_unread ON messages (conversation) WHERE unread = 1;
CREATE INDEX messages_failed ON messages (conversation) WHERE own = 1 AND state = 3;

CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    message      INTEGER REFERENCES messages (id),
    topic        BLOB,
    append_id    BLOB,
    head         INTEGER,
    body         BLOB,
    mls_message  BLOB,
    staged       BLOB,
    base_epoch   INTEGER,
    seq          INTEGER,
    receipt      BLOB,                         -- the server's signed receipt, until the echo is compared with it
    not_before   INTEGER NOT NULL DEFAULT 0,   -- ms
    attempts     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outbox_by_append ON outbox (topic, append_id);
CREATE INDEX outbox_by_conversation ON outbox (conversation, id);
-- Both are asked for after every input, and thousands of messages may wait beside them.
CREATE INDEX outbox_commits ON outbox (conversation, id) WHERE kind <> 0;
CREATE INDEX outbox_delayed ON outbox (not_before) WHERE not_before > 0;

-- Post-actions of a commit that adds devices: delivered only after the commit is accepted.
CREATE TABLE welcomes (
    id              INTEGER PRIMARY KEY,
    outbox          INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    account         BLOB NOT NULL,
    device          BLOB NOT NULL,
    drop_capability BLOB NOT NULL,
    seal_key        BLOB NOT NULL,
    slot            BLOB NOT NULL,
    slot_hash       BLOB NOT NULL,
    welcome         BLOB NOT NULL,             -- wire Welcome; start_seq and chain are filled in on acceptance
    sealed          BLOB                       -- made once, so that a repeat is the same bytes
);

CREATE TABLE alarms (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         INTEGER NOT NULL,
    conversation INTEGER REFERENCES conversations (id),
    at           INTEGER NOT NULL,
    evidence     BLOB NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0
);

-- Inbox items already dealt with whose acknowledgement the server has not confirmed: it may deliver them again.
CREATE TABLE inbox_done (
    digest BLOB PRIMARY KEY,                   -- SHA-256 of the sealed bytes: the key is only the server's word
    key    BLOB NOT NULL
) WITHOUT ROWID;
