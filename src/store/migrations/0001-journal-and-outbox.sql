-- Instants are whole milliseconds since the epoch, UTC, as everywhere in the code:
--   select datetime(at / 1000, 'unixepoch'), type, data from journal order by seq;
-- `data` columns are JSON; tagged-json.ts says how dates and infinities are written.

create table journal (
  seq integer primary key autoincrement,
  at integer not null,
  type text not null,
  incident_id text,
  target text,
  execution_id text,
  data text not null
) strict;

create index journal_by_incident on journal (incident_id) where incident_id is not null;
create index journal_by_execution on journal (execution_id) where execution_id is not null;
create index journal_by_type on journal (type, at);

create table alert (
  fingerprint text primary key,
  data text not null
) strict, without rowid;

create table guard_value (
  name text primary key,
  value text not null
) strict, without rowid;

create table outbox (
  position integer primary key autoincrement,
  id text not null unique,
  channel text not null,
  incident_id text,
  message text not null,
  recipients text not null,
  created_at integer not null,
  attempts integer not null default 0,
  next_attempt_at integer not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'undeliverable')),
  settled_at integer,
  last_error text
) strict;

create index outbox_waiting on outbox (channel, incident_id, position) where state = 'waiting';

-- One row: the journal line up to which messages have been composed.
create table outbox_cursor (
  id integer primary key check (id = 1),
  seq integer not null
) strict;

insert into outbox_cursor (id, seq) values (1, 0);

create table outbox_thread (
  channel text not null,
  incident_id text not null,
  reference text not null,
  primary key (channel, incident_id)
) strict, without rowid;
