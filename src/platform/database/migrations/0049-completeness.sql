-- In which halves of its period a device had a reading, by device time: one bit each, so that what comes late, twice or
-- again after a restart changes nothing that is right already.
create table device_day (
  -- Days since 1970, UTC.
  day integer not null,
  device text not null,
  slot_ms integer not null check (slot_ms > 0),
  seen bytea not null,
  primary key (day, device)
);
