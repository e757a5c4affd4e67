-- Recordings that somebody takes away as a signed copy.
create table if not exists recording_export (
  id uuid primary key,
  -- [{id, name, jurisdiction}] as they were when it was asked for.
  cameras jsonb not null,
  quality text not null,
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  purpose text not null,
  case_number text,
  by_type text not null,
  by_id text not null,
  by_name text not null,
  asked_at_ms bigint not null,
  -- {type, id, name, atMs} of who approved it; null where nobody has to, or has yet.
  approved jsonb,
  -- `asked` (waits for approval), `copying`, `ready`, `failed`, `removed`
  state text not null,
  detail text,
  bytes bigint not null,
  -- Of the manifest, as hexadecimal digits; null before it is ready.
  manifest_sha256 text,
  -- The copy is removed then; null before it is ready.
  expires_at_ms bigint
);
create index if not exists recording_export_asked on recording_export (asked_at_ms);

-- The files of an export, in its order.
create table if not exists recording_export_file (
  export uuid not null references recording_export (id) on delete cascade,
  number integer not null,
  path text not null,
  device text not null,
  quality text not null,
  starts_at_ms bigint not null,
  ends_at_ms bigint not null,
  lease_epoch bigint not null,
  bytes bigint not null,
  sha256 text not null,
  continuity text not null,
  -- `waiting`, `copied`, `missing`, `damaged`
  state text not null,
  sm3 text,
  primary key (export, number)
);
