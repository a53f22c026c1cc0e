-- Topics, their capabilities, their readers' places, their entries. Nothing here names an account, and the finest time
-- is the minute of an entry.

CREATE TABLE topics (
    -- Stands for the topic in the other tables.
    key            INTEGER PRIMARY KEY,
    id             BLOB NOT NULL UNIQUE,
    arguments_hash BLOB NOT NULL,
    newest         INTEGER NOT NULL,
    head           INTEGER NOT NULL,
    chain          BLOB NOT NULL,
    first          INTEGER NOT NULL,
    trimmed_chain  BLOB NOT NULL,
    emptied_to     INTEGER NOT NULL,
    -- 32 bytes each, in the signer's order: only ever read and written together.
    control_keys   BLOB NOT NULL,
    control_after  INTEGER NOT NULL,
    -- 16 bytes each.
    control_stamps BLOB NOT NULL,
    ttl_days       INTEGER NOT NULL,
    closed_day     INTEGER,
    due_day        INTEGER
) STRICT;

CREATE TABLE generations (
    topic           INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    capability_hash BLOB NOT NULL,
    from_seq        INTEGER NOT NULL,
    head            INTEGER NOT NULL,
    PRIMARY KEY (topic, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
    topic             INTEGER NOT NULL,
    id                BLOB NOT NULL,
    secret_hash       BLOB NOT NULL,
    ack               INTEGER NOT NULL,
    proved_generation INTEGER NOT NULL,
    last_seen_day     INTEGER NOT NULL,
    PRIMARY KEY (topic, id)
) STRICT, WITHOUT ROWID;

-- In the order of arrival, so that a batch of appends to many topics writes few pages.
CREATE TABLE entries (
    arrival   INTEGER PRIMARY KEY,
    topic     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    head      INTEGER NOT NULL,
    append_id BLOB NOT NULL,
    minute    INTEGER NOT NULL,
    chain     BLOB NOT NULL,
    -- Instead of the body, once its time-to-live has passed.
    body_hash BLOB,
    body      BLOB,
    UNIQUE (topic, seq),
    UNIQUE (topic, append_id)
) STRICT;
