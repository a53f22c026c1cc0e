-- Topics and their logs. Nothing here names an account. The finest time is the minute of an entry.

CREATE TABLE topics (
    no INTEGER PRIMARY KEY,
    topic BLOB NOT NULL UNIQUE,
    arguments BLOB NOT NULL,
    newest INTEGER NOT NULL,
    head INTEGER NOT NULL,
    chain BLOB NOT NULL,
    first INTEGER NOT NULL,
    trimmed_chain BLOB NOT NULL,
    control_keys BLOB NOT NULL,
    control_after INTEGER NOT NULL,
    control_stamps BLOB NOT NULL,
    ttl_days INTEGER NOT NULL,
    closed INTEGER,
    slots INTEGER NOT NULL
) STRICT;

CREATE TABLE generations (
    topic INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    capability BLOB NOT NULL,
    from_seq INTEGER NOT NULL,
    head INTEGER NOT NULL,
    PRIMARY KEY (topic, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
    topic INTEGER NOT NULL,
    slot BLOB NOT NULL,
    secret BLOB NOT NULL,
    ack INTEGER NOT NULL,
    proved INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (topic, slot)
) STRICT, WITHOUT ROWID;

-- In the order of arrival, so that a batch for many topics is written to neighbouring pages.
CREATE TABLE entries (
    arrival INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    version INTEGER NOT NULL,
    head INTEGER NOT NULL,
    append_id BLOB NOT NULL,
    minute INTEGER NOT NULL,
    chain BLOB NOT NULL,
    body BLOB,
    body_hash BLOB
) STRICT;
CREATE UNIQUE INDEX entries_by_seq ON entries (topic, seq);
CREATE UNIQUE INDEX entries_by_append_id ON entries (topic, append_id);
