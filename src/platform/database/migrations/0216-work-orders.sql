-- Work on devices. `number` is what people say ("W-2026-17"): the year in UTC, and a count within it.
create table work_order (
  number text primary key,
  device text not null references position (id),
  title text not null,
  content text,
  -- What it was opened for, such as `check:auth`; null where a person saw something that has no name. While an order of
  -- a cause is open, the same cause adds to it.
  cause text,
  state text not null check (state in ('open', 'taken', 'done', 'verified', 'cancelled')),
  -- Rises with each change of state, assignee or due date; notes and photos change nothing that others decide by.
  version integer not null default 1,
  assignee text,
  due_ms bigint,
  opened_ms bigint not null,
  opened_by text not null,
  -- How often its cause came, and when last.
  occurrences integer not null default 1,
  last_ms bigint not null,
  -- Verified or cancelled; it is kept for a time after that.
  closed_ms bigint,
  -- What hung there when it was opened, and when it was done.
  unit_before text not null references unit (id),
  unit_after text references unit (id)
);

create unique index work_order_of_cause on work_order (device, cause)
  where cause is not null and state in ('open', 'taken', 'done');
create index work_order_of_device on work_order (device, opened_ms);
create index work_order_by_time on work_order (opened_ms, number);
create index work_order_closed on work_order (closed_ms) where closed_ms is not null;

-- The last number of each year.
create table work_order_count (
  year integer primary key,
  last integer not null
);

-- What was done with an order, in the order of `seq`. `id` was chosen by who asked for it, so that a request that comes
-- again is known; `request_hash` tells whether it is the same one, and `after` is what it was answered.
create table work_order_step (
  seq bigint generated always as identity unique,
  id uuid primary key,
  order_number text not null references work_order (number) on delete cascade,
  what text not null check (what in ('opened', 'came-again', 'changed', 'noted')),
  at_ms bigint not null,
  by_type text not null,
  by_id text not null,
  by_name text not null,
  state text not null,
  version integer not null,
  note text,
  request_hash bytea not null,
  after jsonb not null
);

create index work_order_step_of on work_order_step (order_number, seq);
