-- A room in which nothing was ever said and nobody is goes a day after it was made; older ones were made now. Ids of rooms
-- are counted here, so that the id of one that went is never given again.
ALTER TABLE rooms ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET made = unixepoch() * 1000;
INSERT INTO meta SELECT 'next_room', coalesce(max(id), 0) + 1 FROM rooms;
CREATE INDEX marks_room ON marks (room);
