/**
 * The tables, in the order they came. A migration that has been released is never edited: what changes is one more.
 * Its position is the schema's version (`PRAGMA user_version`).
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE data_keys (
    key_id TEXT PRIMARY KEY,
    backend TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE provider_keys (
    provider TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    encrypted BLOB NOT NULL
  ) STRICT;

  CREATE TABLE history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'interrupted')),
    encrypted BLOB NOT NULL
  ) STRICT;
  CREATE INDEX history_at ON history (at);

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    caller TEXT NOT NULL,
    route TEXT NOT NULL,
    subject TEXT NOT NULL,
    result TEXT NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  `,
  `
  CREATE TABLE actions (
    id TEXT PRIMARY KEY,
    -- What the person made or changed, as JSON; null where only its place or its marks are kept.
    definition TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    -- Version of the shipped action it was edited from.
    base_version INTEGER,
    position INTEGER,
    pinned INTEGER NOT NULL DEFAULT 0,
    -- Null: as shipped.
    hidden INTEGER
  ) STRICT;

  -- One data key may be wrapped in several ways, each of which opens it.
  CREATE TABLE data_key_wraps (
    key_id TEXT NOT NULL REFERENCES data_keys (key_id),
    backend TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, backend)
  ) STRICT;
  INSERT INTO data_key_wraps SELECT key_id, backend, wrapped_key, created_at FROM data_keys;
  ALTER TABLE data_keys DROP COLUMN backend;
  ALTER TABLE data_keys DROP COLUMN wrapped_key;
  `,
  `
  -- A provider may have several keys.
  CREATE TABLE provider_keys_in_slots (
    provider TEXT NOT NULL,
    slot INTEGER NOT NULL CHECK (slot >= 1),
    host TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    encrypted BLOB NOT NULL,
    PRIMARY KEY (provider, slot)
  ) STRICT;
  INSERT INTO provider_keys_in_slots SELECT provider, 1, host, set_at, encrypted FROM provider_keys;
  DROP TABLE provider_keys;
  ALTER TABLE provider_keys_in_slots RENAME TO provider_keys;

  -- What language models cost, by the month and whom it was for.
  CREATE TABLE spend (
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    micros INTEGER NOT NULL,
    estimated_micros INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (month, kind, id)
  ) STRICT;

  -- Answers that may be given again; the id is a keyed digest of what was asked.
  CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    encrypted BLOB NOT NULL
  ) STRICT;
  CREATE INDEX answers_at ON answers (at);

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    actions TEXT,
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at INTEGER
  ) STRICT;
  CREATE TABLE metric_names (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    -- Empty: the sum over all names of the kind.
    name TEXT NOT NULL,
    UNIQUE (kind, name)
  ) STRICT;

  CREATE TABLE metrics (
    -- Milliseconds a row covers: a minute, an hour, a day.
    resolution INTEGER NOT NULL,
    name_id INTEGER NOT NULL,
    start INTEGER NOT NULL,
    time BLOB NOT NULL,
    first_token BLOB,
    tallies TEXT NOT NULL,
    PRIMARY KEY (resolution, name_id, start)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX metrics_start ON metrics (resolution, start);
  -- What signs the checkpoints of the audit log; the private half is sealed by the vault.
  CREATE TABLE audit_keys (
    key_id TEXT PRIMARY KEY,
    public_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    -- Set once its first checkpoint is on the disk, from when on a log without checkpoints has lost them.
    used INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  ALTER TABLE audit ADD COLUMN payload TEXT;

  CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    call_id TEXT,
    notified_at INTEGER,
    resolved_at INTEGER,
    -- Of the webhook.
    sent_at INTEGER,
    tries INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    problem TEXT
  ) STRICT;
  `,
  `
  -- One row: how far the introduction has come.
  CREATE TABLE welcome (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    step TEXT NOT NULL
  ) STRICT;
  `,
];
