-- Messages with a key whose sender had no token, for a day: what a retry of one is known by (core/retry.py). Names and
-- keys are public, so this names nobody; it only finds the first message again.
CREATE TABLE retries (
  event  INTEGER PRIMARY KEY, -- the message
  mark   BLOB NOT NULL,       -- of the room, the name and the key
  digest INTEGER,             -- of the contents; NULL once they are deleted: then any contents are taken for them
  ends   INTEGER NOT NULL     -- ms since 1970 UTC
) STRICT;
CREATE INDEX retries_mark ON retries (mark, digest, ends);
CREATE INDEX retries_ends ON retries (ends);
