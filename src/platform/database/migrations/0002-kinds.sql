-- Every version of a device kind that was ever in force; messages and points name the one they fit.
create table device_kind_version (
  kind text not null,
  version integer not null check (version > 0),
  definition jsonb not null,
  stored_at_ms bigint not null,
  primary key (kind, version)
);
