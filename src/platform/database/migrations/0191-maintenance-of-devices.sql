-- Times in which a device is worked on (Unix ms). It ends at `until_ms` by itself; `ended_ms` says when it did, and
-- `ended_by` who ended it before, null where it ended by itself.
create table maintenance (
  id bigint generated always as identity primary key,
  position_id text not null references position (id),
  reason text not null,
  by_name text not null,
  from_ms bigint not null,
  until_ms bigint not null check (until_ms > from_ms),
  ended_ms bigint check (ended_ms >= from_ms),
  ended_by text,
  -- Alerts that were held back, counted at the end.
  withheld bigint not null default 0
);

create index maintenance_of on maintenance (position_id, id);
create unique index maintenance_open on maintenance (position_id) where ended_ms is null;

-- What was in maintenance when that had no end gets one, a day from now.
insert into maintenance (position_id, reason, by_name, from_ms, until_ms)
  select id, 'in maintenance before a maintenance had an end', 'citywatch', now_ms, now_ms + 86400000
  from position, (select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms) as moment
  where state = 'maintenance';

create index alert_silenced on alert (device) where visibility = 'silenced';
