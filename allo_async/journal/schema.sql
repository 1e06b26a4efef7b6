-- The journal of loads, version 1 (PRAGMA user_version).
--
-- A load is written as it goes: a chunk before it is sent, what became of its rows after its answer. All times are
-- Unix times in seconds. Numbers stand in here, so the file is its owner's alone (mode 0600); names and companies do so
-- only while their chunk is on its way.

-- One load, or, where it was taken up with another input, one generation of it.
CREATE TABLE load (
    id          INTEGER PRIMARY KEY,
    load_id     TEXT    NOT NULL,              -- the caller's name for it
    generation  INTEGER NOT NULL,              -- 0, and one more for each change of the input
    terms       TEXT    NOT NULL,              -- JSON: what must be the same when it is taken up again
    begun_at    REAL    NOT NULL,
    ended_at    REAL,                          -- when its input had been taken to the end
    row_count   INTEGER,                       -- how many rows that were
    UNIQUE (load_id, generation)
);

-- What was sent at once.
CREATE TABLE chunk (
    id              INTEGER PRIMARY KEY,
    load            INTEGER NOT NULL REFERENCES load (id) ON DELETE CASCADE,
    queue           TEXT    NOT NULL,          -- JSON: user_id, or email, or neither for the key's owner
    state           TEXT    NOT NULL CHECK (state IN ('sending', 'settled', 'refused')),
    idempotency_key TEXT    NOT NULL,
    body_sha256     TEXT    NOT NULL,
    body            BLOB,                      -- the very bytes, until it is known what became of them
    first_used_at   REAL    NOT NULL,          -- when the key was used first
    queue_end       TEXT    NOT NULL,          -- JSON: what stood last in the queue before; null: unknown
    settled_at      REAL
);

-- One row of the input that was sent, dealt to a queue, or skipped.
CREATE TABLE input_row (
    load    INTEGER NOT NULL REFERENCES load (id) ON DELETE CASCADE,
    idx     INTEGER NOT NULL,                  -- its place in the input, from 0
    digest  BLOB    NOT NULL,                  -- of what the caller passed in
    number  TEXT,                              -- as it is sent, or as it was given
    place   INTEGER,                           -- of a spread: the queue it was dealt to
    chunk   INTEGER REFERENCES chunk (id),     -- the last one that held it
    fate    TEXT    CHECK (fate IN ('added', 'skipped', 'in_doubt')),
    entry   TEXT,                              -- JSON: what the server said of it, or why it was skipped
    PRIMARY KEY (load, idx)
) WITHOUT ROWID;

CREATE INDEX chunk_in_flight ON chunk (load) WHERE state = 'sending';
CREATE INDEX input_row_chunk ON input_row (chunk);
