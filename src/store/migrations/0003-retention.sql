-- Stretches of the journal whose lines have been removed because they were old. Line numbers are never given twice, so a
-- number that is neither in the journal nor in one of these stretches was not removed by Belay.
create table journal_gap (
  first_seq integer primary key,
  last_seq integer not null unique,
  -- When lines of it were last removed.
  removed_at integer not null
) strict;

create index outbox_settled on outbox (settled_at) where state <> 'waiting';
