-- The class of the point when it was recorded: for how long the law wants it kept.
alter table recording add column if not exists class text not null default 'key-site';
update recording set class = position.access_class from position where position.id = recording.device;
alter table recording alter column class drop default;

-- Retention asks for the oldest of a class.
create index if not exists recording_oldest on recording (class, starts_at_ms);

-- What was removed, batch by batch: who has the list of a batch can show that it is the one.
create table if not exists recording_removal (
  number bigint primary key,
  at_ms bigint not null,
  class text not null,
  files integer not null,
  bytes bigint not null,
  -- Beginning of the first file, end of the last one.
  from_ms bigint not null,
  to_ms bigint not null,
  -- SHA-256 of the hash before and of a line for each file.
  hash bytea not null check (length(hash) = 32)
);
