-- The journal of loads, version 2 (PRAGMA user_version).
--
-- A load is written as it goes: a chunk before it is sent, what became of its rows after its reply. All times are Unix
-- times in seconds. Numbers stand in here, so the file is its owner's alone (mode 0600); names and companies do so only
-- while their chunk is on its way, and the number of a row that was skipped as SUPPRESSED never does.
--
-- What was sent (chunk, sent_row) is kept apart from what the input is now (input_row): the input may change, and a row
-- that stands in a queue stays there. A row is known again by its digest, wherever it stands in the input.

CREATE TABLE load (
    id          INTEGER PRIMARY KEY,
    load_id     TEXT    NOT NULL UNIQUE,       -- the caller's name for it
    terms       TEXT    NOT NULL,              -- JSON: what must be the same when it is taken up again
    begun_at    REAL    NOT NULL,
    ended_at    REAL,                          -- when its input had been taken to the end
    row_count   INTEGER,                       -- how many rows that were
    running     INTEGER NOT NULL DEFAULT 0     -- 1 while a process loads it; also after one that was killed
);

-- What was sent at once.
CREATE TABLE chunk (
    id              INTEGER PRIMARY KEY,
    load            INTEGER NOT NULL REFERENCES load (id),
    queue           TEXT    NOT NULL,          -- JSON: user_id, or email, or neither for the key's owner
    state           TEXT    NOT NULL CHECK (state IN ('sending', 'settled', 'refused')),
    idempotency_key TEXT    NOT NULL,
    body_sha256     TEXT    NOT NULL,
    body            BLOB,                      -- the very bytes, until it is known what became of them
    first_used_at   REAL    NOT NULL,          -- when the key was used first
    queue_end       TEXT    NOT NULL,          -- JSON: what stood last in the queue before; null: unknown
    settled_at      REAL
);

-- One row of a chunk that is being sent or is settled; a refused chunk has none.
CREATE TABLE sent_row (
    chunk   INTEGER NOT NULL REFERENCES chunk (id),
    place   INTEGER NOT NULL,                  -- its place in the chunk, from 0
    digest  BLOB    NOT NULL,                  -- of what the caller passed in
    number  TEXT    NOT NULL,                  -- as it is sent
    fate    TEXT    CHECK (fate IN ('added', 'skipped', 'in_doubt')),
    entry   TEXT,                              -- JSON: what the server said of it
    PRIMARY KEY (chunk, place)
) WITHOUT ROWID;

-- One row of a load's input as it is now. The chunk may be another load's, where several loads are of one list.
CREATE TABLE input_row (
    load    INTEGER NOT NULL REFERENCES load (id),
    idx     INTEGER NOT NULL,                  -- its place in the input, from 0
    digest  BLOB    NOT NULL,
    number  TEXT,                              -- as it is sent, or as it was given
    queue   TEXT,                              -- of a spread, JSON: the queue that it was dealt to
    chunk   INTEGER REFERENCES chunk (id),     -- the one that holds it
    place   INTEGER,                           -- and where
    skip    TEXT,                              -- JSON: why it is not sent
    PRIMARY KEY (load, idx)
) WITHOUT ROWID;

-- The whole list that the loads of this journal are parts of, row by row, as it was loaded last (the command's).
CREATE TABLE list_row (
    idx     INTEGER PRIMARY KEY,
    digest  BLOB    NOT NULL
);

CREATE INDEX chunk_load ON chunk (load);
CREATE INDEX input_row_chunk ON input_row (chunk, place);
