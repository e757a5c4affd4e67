-- Imports of devices from spreadsheets. An import is a job: its rows are kept here until each has been applied in a
-- transaction that also moves `next_row`, so it goes on at the right row whenever its process dies. What is kept of
-- applied rows is what undoing them needs. Contents are sealed: they may hold passwords.
create table import_batch (
  id text primary key,
  -- Who sent the file, and with which rights its rows are applied.
  caller jsonb not null,
  -- Who had it undone, and with which rights.
  undo_caller jsonb,
  -- What the caller may see; whoever sees all of that sees the import.
  jurisdiction text not null,
  file_name text,
  file_hash text not null,
  -- Each row for itself, or all rows together in one transaction.
  mode text not null check (mode in ('rows', 'whole')),
  state text not null check (state in ('waiting', 'done', 'refused', 'undoing', 'undone')),
  row_count integer not null,
  -- The first row that was not applied, or not undone, yet; rows count from 0, and are undone from the last one on.
  next_row integer not null default 0,
  unknown_columns text[] not null,
  created_at_ms bigint not null,
  ended_at_ms bigint,
  -- When and by whom the secrets of new devices were taken away; they are given once.
  secrets_taken_at_ms bigint,
  secrets_taken_by text
);

create index import_batch_by_time on import_batch (created_at_ms, id);

create table import_row (
  batch text not null references import_batch (id) on delete cascade,
  number integer not null,
  -- As the spreadsheet counts them.
  line integer not null,
  device text,
  -- The cells, sealed, until the row is applied.
  content bytea,
  verdict text check (verdict in ('create', 'change', 'same', 'error')),
  fields text[] not null default '{}',
  faults jsonb not null default '[]',
  -- Version of the device once the row was applied.
  version bigint,
  -- The change that undoes it, sealed; null for a device that was new.
  before bytea,
  -- The secret of a new device, sealed, until it is taken away.
  secret bytea,
  undone text check (undone in ('undone', 'conflict')),
  undone_why text,
  primary key (batch, number)
);
