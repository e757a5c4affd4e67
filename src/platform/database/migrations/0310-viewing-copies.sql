-- Copies of exports for looking at: coded anew, with who they are for burned into the picture.
create table if not exists viewing_copy (
  id uuid primary key,
  export uuid not null references recording_export (id) on delete cascade,
  by_type text not null,
  by_id text not null,
  by_name text not null,
  -- As it stands in the picture.
  unit text not null,
  asked_at_ms bigint not null,
  -- `making`, `ready`, `failed`, `removed`
  state text not null,
  detail text,
  files integer not null,
  files_done integer not null default 0,
  bytes bigint not null default 0
);
create index if not exists viewing_copy_export on viewing_copy (export);
