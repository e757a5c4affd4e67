-- How much was recorded of a camera on each day of China, counted as files come and go: the files of a month of a city
-- are 140 million rows.
create table recording_day (
  device text collate "C" not null,
  quality text not null,
  -- Days since 1970-01-01, of China (UTC+8).
  day integer not null,
  recorded_ms bigint not null,
  -- How much of it is still there.
  kept_ms bigint not null,
  primary key (device, quality, day)
);
create index recording_day_kept on recording_day (device, day) where kept_ms > 0;

insert into recording_day
select device, quality, day, sum(part), sum(part)
from recording
  cross join lateral generate_series((starts_at_ms + 28800000) / 86400000, (ends_at_ms + 28800000) / 86400000) as day
  cross join lateral (select least(ends_at_ms, (day + 1) * 86400000 - 28800000)
    - greatest(starts_at_ms, day * 86400000 - 28800000)) as of_day (part)
group by device, quality, day;

-- Holes that reach beyond a moment; those that last reach beyond all.
create index recording_gap_reach on recording_gap (coalesce(to_ms, 9007199254740991));

-- Since when it is recorded at all: no day before is one on which it should have been.
alter table recording_plan add column since_ms bigint;
update recording_plan set since_ms = changed_at_ms;
alter table recording_plan alter column since_ms set not null;
