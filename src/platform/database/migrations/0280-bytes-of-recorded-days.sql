-- Bytes of each day beside its time: how fast cameras are recorded, and how much lies on the disks, without asking for
-- their files. Of days whose files are gone nobody knows.
alter table recording_day add column if not exists recorded_bytes bigint not null default 0;
alter table recording_day add column if not exists kept_bytes bigint not null default 0;

update recording_day set recorded_bytes = stood.bytes, kept_bytes = stood.bytes
from (
  select device, quality, day,
    sum(case when ends_at_ms = starts_at_ms then bytes else bytes * part / (ends_at_ms - starts_at_ms) end) as bytes
  from recording
    cross join lateral generate_series((starts_at_ms + 28800000) / 86400000, (ends_at_ms + 28800000) / 86400000) as day
    cross join lateral (select least(ends_at_ms, (day + 1) * 86400000 - 28800000)
      - greatest(starts_at_ms, day * 86400000 - 28800000)) as of_day (part)
  group by device, quality, day
) as stood
where recording_day.device = stood.device and recording_day.quality = stood.quality and recording_day.day = stood.day;
