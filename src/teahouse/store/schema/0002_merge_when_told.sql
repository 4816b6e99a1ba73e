-- The search index merges its segments when it is told to (index.py), a few pages at a time: by itself it takes the time
-- of several commits at once. `crisismerge` stays as the bound that is never reached.
INSERT INTO words (words, rank) VALUES ('automerge', 0);
INSERT INTO words (words, rank) VALUES ('crisismerge', 500);
