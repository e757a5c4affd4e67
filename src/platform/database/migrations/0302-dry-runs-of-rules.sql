-- Drafts of rules that are tried on what was received. One that is running when its process dies begins again.
create table rule_dry_run (
  id text primary key,
  -- Who asked, with the area of that moment: what they may not see is not judged.
  caller jsonb not null,
  caller_id text not null,
  jurisdiction text not null,
  -- What the draft says of itself.
  rule text not null,
  version integer not null,
  -- The draft, as it was sent.
  yaml text not null,
  -- The stretch that was asked for, by time of receipt; the answer says what of it there was.
  from_ms bigint not null,
  to_ms bigint not null,
  state text not null check (state in ('running', 'done', 'cancelled')),
  -- Up to where messages were judged; of interest while it runs.
  reached_ms bigint,
  -- What it found; null until it is done.
  answer jsonb,
  created_at_ms bigint not null,
  ended_at_ms bigint
);

create index rule_dry_run_by_time on rule_dry_run (caller_id, created_at_ms, id);
create index rule_dry_run_old on rule_dry_run (created_at_ms);
create index rule_dry_run_running on rule_dry_run (caller_id) where state = 'running';
