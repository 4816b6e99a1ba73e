-- Words that go out of the search index, in parts: to take many out at once would keep everybody waiting. A row without
-- words, behind those of a message: all that the index had of it is out, and the edit that wanted it out may go in.
CREATE TABLE going (
  id      INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  words   TEXT NOT NULL
) STRICT;
CREATE INDEX going_message ON going (message);
