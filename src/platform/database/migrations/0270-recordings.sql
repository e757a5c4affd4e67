-- Recorded video: one row for each file, whose name follows from it. One partition per UTC day of its beginning.
create table recording (
  device text collate "C" not null,
  quality text not null,
  starts_at_ms bigint not null,
  ends_at_ms bigint not null check (ends_at_ms >= starts_at_ms),
  -- Epoch of the lease under which the camera was pulled: two gateways may have recorded one camera in one moment.
  lease_epoch bigint not null,
  disk text not null,
  bytes bigint not null,
  -- Of what stands before the first fragment.
  lead_bytes integer not null,
  sha256 bytea not null check (length(sha256) = 32),
  -- Files with the same value come from one unbroken run of the stream.
  continuity text not null,
  -- End of the file before, where this one follows it without a hole.
  previous_ends_at_ms bigint,
  primary key (device, quality, starts_at_ms, lease_epoch)
) partition by range (starts_at_ms);

-- Times in which a camera should have been recorded and was not; `to_ms` is null while it lasts.
create table recording_gap (
  device text collate "C" not null,
  quality text not null,
  from_ms bigint not null,
  to_ms bigint check (to_ms >= from_ms),
  cause text not null,
  detail text,
  primary key (device, quality, from_ms)
);
create index recording_gap_open on recording_gap (device, quality) where to_ms is null;

-- Which cameras are recorded, and when.
create table recording_plan (
  device text collate "C" primary key references position (id) on delete cascade,
  -- `always`, `schedule`
  mode text not null,
  quality text not null,
  -- Of mode `schedule`: hours of the week.
  schedule jsonb not null,
  version integer not null,
  changed_at_ms bigint not null
);
