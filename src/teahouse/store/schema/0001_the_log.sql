-- The log and what stands beside it. The pragmas are set by connect.py, for each connection.

-- `state` is the room's record (JSON) after event `as_of`; `indexed` is how far the search index has read;
-- `low` and `high` are the two people of a direct room.
CREATE TABLE rooms (
  id      INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647),
  fold    TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL,
  low     INTEGER,
  high    INTEGER,
  state   TEXT NOT NULL,
  as_of   INTEGER NOT NULL,
  indexed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX rooms_low  ON rooms (low)  WHERE low  IS NOT NULL;
CREATE INDEX rooms_high ON rooms (high) WHERE high IS NOT NULL;

-- Who has a token or has written something, as last called. Names of guests are claimed in memory, so they
-- are not unique here.
CREATE TABLE people (
  id     INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  chosen INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  hash   BLOB PRIMARY KEY,   -- SHA-256 of the token
  person INTEGER NOT NULL REFERENCES people,
  ends   INTEGER NOT NULL    -- ms since 1970 UTC
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_ends ON tokens (ends);

-- Read positions. A person here may have no record: guests of the text doors have none until they write.
CREATE TABLE marks (
  person INTEGER NOT NULL,
  room   INTEGER NOT NULL REFERENCES rooms,
  read   INTEGER NOT NULL,
  PRIMARY KEY (person, room)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id     INTEGER PRIMARY KEY, -- room << 32 | seq: unique, clustered by room, and the rowid of `words`
  time   INTEGER NOT NULL,
  kind   INTEGER NOT NULL,    -- core/events.py
  author INTEGER NOT NULL,
  name   TEXT,                -- of the author when it happened; NULL is `guest-ID`
  text   TEXT,                -- what was said, an emoji, a topic; NULL once deleted
  target INTEGER,             -- id of the message that this changes; NULL: stands for itself
  reply  INTEGER,             -- seq of the message that this answers
  key    TEXT,                -- the client's own name for the message
  digest INTEGER,             -- of what was posted with the key
  more   TEXT                 -- JSON, what is rarely needed: form, kind of the author
) STRICT;
-- The key first: keys made by a clock come in order, so the tree grows at one edge.
CREATE UNIQUE INDEX events_key ON events (key, author, id >> 32) WHERE key IS NOT NULL;
CREATE INDEX events_target ON events (target) WHERE target IS NOT NULL;
-- What changes a room's record, so that no start has to read the log.
CREATE INDEX events_shapes ON events (id) WHERE kind >= 6;

-- The search index. segment.py decides what a word is; the tokenizer only splits at spaces. It keeps no text, and
-- what is deleted is taken out of it, not only marked.
CREATE VIRTUAL TABLE words USING fts5 (t, content='', columnsize=0, tokenize='ascii');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('next_person', 1), ('segments', 1);
