-- Where pictures of a file come from: `gateway` recorded them as they came, `edge` fetched them later from the camera's
-- own storage.
alter table recording add column if not exists source text not null default 'gateway';
alter table recording_export_file add column if not exists source text not null default 'gateway';

-- How much of what was recorded on a day came from the camera's own storage.
alter table recording_day add column if not exists edge_ms bigint not null default 0;

-- What came of asking the camera for a hole: `nothing`, `no-storage`, `failed`; null while nothing did.
alter table recording_gap add column if not exists edge_state text;
alter table recording_gap add column if not exists edge_detail text;
alter table recording_gap add column if not exists edge_tries integer not null default 0;
-- All before it was asked for, and what is still missing of it the camera does not have.
alter table recording_gap add column if not exists edge_asked_to_ms bigint not null default 0;
-- When it is asked for next; null when not again.
alter table recording_gap add column if not exists edge_at_ms bigint default 0;
create index if not exists recording_gap_edge on recording_gap (edge_at_ms)
  where to_ms is not null and edge_at_ms is not null;
