-- Vehicles that passed: one row per plate that an event could tell, also where none was read. One partition per UTC day,
-- named passage_20261122 and made when its first row comes, so that a day is forgotten by dropping a table.
create table passage (
  device text collate "C" not null,
  at_ms bigint not null,
  -- Keyed hash of what makes this record one and the same however often it comes.
  identity uuid not null,
  event text not null,
  kind text not null,
  -- Where the device stood at receipt; who may see the row is decided by where it stands today.
  jurisdiction text not null,
  received_at_ms bigint not null,
  -- Whose word at_ms is: device, receipt, refused.
  clock text not null,
  event_id text,
  lane text not null,
  journal_offset bigint not null,
  record_index integer not null,
  -- The first 16 bytes of the keyed hash of the normalized plate; null where none was read.
  plate_hash bytea check (length(plate_hash) = 16),
  plate_masked text,
  -- The plate as it was read, encrypted by a key that the database does not have.
  plate_sealed bytea,
  -- Everything else the event told; kept as text because nothing is looked up in it.
  data json not null,
  primary key (device, at_ms, identity)
) partition by range (at_ms);

create index passage_plate on passage (plate_hash, at_ms) where plate_hash is not null;

-- Every device that ever reported a passage, so that a search without a plate knows whom to ask.
create table passage_device (
  device text collate "C" primary key
);
