-- Windows in which a device may fetch its secret by a code, once. One a device; a new one takes the place of the last.
create table device_claim (
  device text primary key references position (id) on delete cascade,
  code_hash bytea not null,
  opened_ms bigint not null,
  until_ms bigint not null,
  by_name text not null,
  -- Wrong codes so far; a few, and the window is closed.
  wrong integer not null default 0,
  -- When it was used, or closed before that; null while it is open.
  used_ms bigint,
  closed_ms bigint
);
