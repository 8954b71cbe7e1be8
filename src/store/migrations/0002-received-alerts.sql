-- What Alertmanagers have sent: every message as it came, and each alert as its messages have left it. Both are written
-- in one transaction, before the sender is answered, so that no message is ever stored and not yet taken into account.

create table received_message (
  seq integer primary key autoincrement,
  received_at integer not null,
  sender text not null,
  group_key text not null,
  truncated_alerts integer not null,
  data text not null
) strict;

create index received_message_by_time on received_message (received_at);

create table received_alert (
  key text primary key,
  data text not null
) strict, without rowid;
