-- A report asks what was told of one incident, and the retention which messages are of incidents that are kept.
create index outbox_by_incident on outbox (incident_id) where incident_id is not null;
