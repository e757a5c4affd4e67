-- What somebody does with all alerts that a filter means, some at a time. `last_id`: the last one that was looked at.
create table alert_bulk (
  id uuid primary key,
  jurisdiction text not null,
  police text,
  caller jsonb not null,
  filter jsonb not null,
  deed jsonb not null,
  -- How many it may take: as many as were meant when it was begun.
  alerts integer not null,
  state text not null check (state in ('going', 'done')),
  last_id uuid,
  done integer not null default 0,
  unchanged integer not null default 0,
  refused integer not null default 0,
  -- The first that were refused, and why.
  refusals jsonb not null default '[]',
  created_at_ms bigint not null,
  ended_at_ms bigint
);
create index alert_bulk_ended on alert_bulk (ended_at_ms) where state = 'done';
