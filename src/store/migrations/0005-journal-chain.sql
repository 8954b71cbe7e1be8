-- Each line of the journal has the SHA-256 of itself and of the line before it (journal-chain.ts says of what exactly), so
-- that a line that is changed, put in or taken out afterwards no longer fits. Lines that are older than this get theirs
-- when the store is opened.
alter table journal add column hash text;
-- The hash of the newest line that was removed: the line behind the gap is chained to it.
alter table journal_gap add column last_hash text;
