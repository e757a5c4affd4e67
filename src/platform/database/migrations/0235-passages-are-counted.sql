-- How many vehicles passed a device in each hour: what reports ask, without reading millions of rows. Kept for longer
-- than the passages themselves.
create table passage_count (
  device text collate "C" not null,
  -- Hours since 1970, UTC, by the time of the passage.
  hour integer not null,
  passages integer not null,
  primary key (device, hour)
);

insert into passage_count (device, hour, passages)
  select device, at_ms / 3600000, count(*) from passage where event = 'passage' and ordinal = 0 group by 1, 2;
