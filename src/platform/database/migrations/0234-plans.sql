-- How many positions an area is to have. A plan has revisions: each replaces the one before from its day on, and nothing
-- of one is ever changed, so that a report of a past day can be made again.
create table build_plan (
  id text primary key,
  name text not null,
  -- The area it is made for. Two areas may have plans of one name.
  jurisdiction text not null references jurisdiction (code),
  unique (jurisdiction, name)
);

create table plan_revision (
  -- Of two revisions for one day the later one counts.
  id bigint generated always as identity primary key,
  plan text not null references build_plan (id),
  -- A day of China (UTC+8) as text, 2026-03-31: it counts from then on.
  from_day text not null check (from_day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
  note text,
  by_name text not null,
  at_ms bigint not null
);

create index plan_revision_of on plan_revision (plan, from_day, id);

create table plan_entry (
  revision bigint not null references plan_revision (id),
  jurisdiction text not null references jurisdiction (code),
  -- Null: of any kind that no other entry names.
  kind text,
  positions integer not null check (positions > 0),
  unique nulls not distinct (revision, jurisdiction, kind)
);
