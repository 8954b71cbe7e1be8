alter table outbox add column addresses text;
alter table outbox add column handed_to text;
