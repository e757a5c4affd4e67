-- Times of a camera whose recordings are kept for a case, whatever their class says.
create table recording_pin (
  id uuid primary key,
  device text collate "C" not null,
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  reason text not null,
  case_number text,
  until_ms bigint not null,
  by_name text not null,
  created_at_ms bigint not null
);
create index recording_pin_device on recording_pin (device, from_ms);
