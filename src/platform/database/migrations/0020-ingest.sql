-- How far a reader of the journal is, where it keeps that here. Moved only together with what the reader did.
create table ingest_cursor (
  reader text not null,
  lane text not null,
  journal_offset bigint not null check (journal_offset >= 0),
  updated_at_ms bigint not null,
  primary key (reader, lane)
);

-- What became of everything the telemetry reader has read, ever; the journal counts what came in on its own.
create table ingest_ledger (
  lane text not null,
  kind text not null,
  jurisdiction text not null,
  messages_decoded bigint not null,
  messages_dead bigint not null,
  records_decoded bigint not null,
  records_stored bigint not null,
  records_duplicate bigint not null,
  records_dead bigint not null,
  primary key (lane, kind, jurisdiction)
);

-- A message (record_index -1) or one record of it that could not be used.
create table dead_letter (
  lane text not null,
  journal_offset bigint not null,
  record_index integer not null check (record_index >= -1),
  reason text not null,
  path text not null,
  value text not null,
  device text not null,
  kind text not null,
  kind_version integer not null,
  firmware text,
  jurisdiction text not null,
  channel text not null,
  topic text not null,
  received_at_ms bigint not null,
  replayed_at_ms bigint,
  primary key (lane, journal_offset, record_index)
);

create index dead_letter_newest on dead_letter (received_at_ms desc, lane, journal_offset, record_index);
create index dead_letter_jurisdiction on dead_letter (jurisdiction text_pattern_ops, received_at_ms desc);
create index dead_letter_device on dead_letter (device, received_at_ms desc);

-- The bytes of such a message, once however many of its records are dead.
create table dead_letter_payload (
  lane text not null,
  journal_offset bigint not null,
  raw bytea not null,
  primary key (lane, journal_offset)
);
