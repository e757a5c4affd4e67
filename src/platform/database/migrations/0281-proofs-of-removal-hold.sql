-- The proof of a removal has what was removed in numbers too, so that it is checked without the list; and what of the
-- class was past its time and stayed, because it is pinned. Null in rows of before, which only follow each other.
alter table recording_removal add column if not exists list_hash bytea check (length(list_hash) = 32);
alter table recording_removal add column if not exists pinned_files integer not null default 0;
alter table recording_removal add column if not exists pinned_bytes bigint not null default 0;

-- A line `SHA-256  PATH` for each file that was removed, as `sha256sum` writes it, compressed by gzip.
create table if not exists recording_removal_list (
  number bigint primary key references recording_removal (number) on delete cascade,
  list bytea not null
);

-- What was removed of the records of recordings because it was old, all together, by table.
create table if not exists recording_pruned (
  what text primary key,
  rows bigint not null,
  -- What ended before.
  before_ms bigint not null,
  at_ms bigint not null,
  -- SHA-256 of the hash before and of the rows as text, batch by batch.
  hash bytea not null check (length(hash) = 32),
  -- Of removals: number and hash of the last one, which the first that is there goes on from.
  last_number bigint,
  last_hash bytea check (length(last_hash) = 32)
);
create index if not exists recording_removal_at on recording_removal (at_ms);
