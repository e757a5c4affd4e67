-- How devices were judged last, by their own facts: what a restart goes on with. Times are Unix ms.
create table device_health (
  position_id text primary key references position (id) on delete cascade,
  health text not null check (health in ('online', 'degraded', 'offline')),
  cause text,
  detail text,
  since_ms bigint not null
);

-- When devices were offline; the row without an end is today's.
create table device_downtime (
  position_id text not null references position (id) on delete cascade,
  from_ms bigint not null,
  to_ms bigint check (to_ms >= from_ms),
  primary key (position_id, from_ms)
);

create unique index device_downtime_open on device_downtime (position_id) where to_ms is null;
create index device_downtime_ended on device_downtime (to_ms) where to_ms is not null;
