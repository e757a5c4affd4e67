-- How the streams of a camera are kept, where not as usual.
create table stream_plan (
  device text collate "C" primary key references position (id) on delete cascade,
  -- Pulled also while nobody watches.
  always_on boolean not null,
  -- From the last viewer to the end of the pull.
  keep_s integer not null check (keep_s between 0 and 3600),
  -- How many connections the camera allows.
  connections_max integer not null check (connections_max between 1 and 2),
  changed_at_ms bigint not null
);
