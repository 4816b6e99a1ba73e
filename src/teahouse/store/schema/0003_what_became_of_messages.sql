-- What became of messages, as of the last event of the log: kept in the transaction of the event that changes it, so
-- that a page costs the same whatever happened to its messages. Filled from the log by fill.py.

-- The last edit of a message, and how many there are.
CREATE INDEX events_edits ON events (target) WHERE kind = 2;

-- Who put what at a message, or took it away again: `event` is the id of the event that made it so.
CREATE TABLE reactions (
  message INTEGER NOT NULL,
  emoji   TEXT    NOT NULL,
  person  INTEGER NOT NULL,
  there   INTEGER NOT NULL,
  event   INTEGER NOT NULL,
  PRIMARY KEY (message, emoji, person)
) STRICT, WITHOUT ROWID;

-- How many people have an emoji at a message, never 0; `first` is the id of the event by which it appeared there.
CREATE TABLE tallies (
  message INTEGER NOT NULL,
  emoji   TEXT    NOT NULL,
  count   INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  PRIMARY KEY (message, emoji)
) STRICT, WITHOUT ROWID;

-- The runs of events that stand for nothing themselves but change a message, as long as they are: whoever reads
-- messages steps over them.
CREATE TABLE skips (
  first INTEGER PRIMARY KEY,
  last  INTEGER NOT NULL
) STRICT;

-- Deleted messages (and topics) whose edits and reactions are still being erased, and up to which event that is done.
-- What these events say reads as NULL already.
CREATE TABLE erasing (
  message INTEGER PRIMARY KEY,
  upto    INTEGER NOT NULL
) STRICT;
INSERT INTO erasing SELECT target, target FROM events WHERE kind = 3 GROUP BY target;

-- A digest is of what was said: it could be guessed.
UPDATE events SET digest = NULL WHERE kind = 1 AND text IS NULL AND digest IS NOT NULL;

-- Which event set the topic that a room has.
UPDATE rooms SET state = json_set(state, '$.topic_seq', set_by) FROM (
  SELECT id >> 32 AS room, max(id) & 4294967295 AS set_by FROM events INDEXED BY events_shapes
  WHERE kind >= 6 AND kind = 6 GROUP BY id >> 32
) WHERE id = room;

-- By which Unicode the words of the search index were cut; 0: not known, so the index is made anew.
INSERT INTO meta VALUES ('unicode', 0);
-- Whether the free space inside of pages was never overwritten (gaps.py).
INSERT INTO meta VALUES ('gaps', 1);
