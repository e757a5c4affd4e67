-- Who wants alerts of an area left unsaid for a time, and which. `planned` until it begins, `active` while it holds.
create table silence (
  id uuid primary key,
  jurisdiction text not null,
  police text,
  -- What it is limited to beside the area; null for no limit.
  rule text,
  kind text,
  device text,
  reason text not null,
  starts_at_ms bigint not null,
  ends_at_ms bigint not null check (ends_at_ms > starts_at_ms),
  state text not null check (state in ('planned', 'active', 'ended')),
  began_at_ms bigint,
  ended_at_ms bigint,
  ended_by text,
  created_by text not null,
  created_at_ms bigint not null,
  version integer not null default 1
);
create index silence_going on silence (state) where state <> 'ended';
create index silence_by_time on silence (created_at_ms desc, id);
-- What one silence hides.
create index alert_by_silence on alert ((hidden ->> 'silence'), id) where hidden is not null;
-- For whoever goes through all that is open, some at a time.
create index alert_open_by_id on alert (id) where handling <> 'closed';
