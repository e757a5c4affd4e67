-- Every series that was ever made in the telemetry store: a device and a value of its structural tag, '' for none.
-- Written before the batch that made it counts as stored, so that a restart judges what comes again as it did before.
create table telemetry_series (
  kind text not null,
  device text not null,
  tag_value text not null,
  first_at_ms bigint not null,
  primary key (kind, device, tag_value)
);
