-- The batch of files that retention removes: chosen under a lock that pins have, too, so a pin knows of each of them.
create table recording_leaving (
  device text collate "C" not null,
  quality text not null,
  starts_at_ms bigint not null,
  ends_at_ms bigint not null,
  lease_epoch bigint not null,
  primary key (device, starts_at_ms, quality, lease_epoch)
);
