-- What people did with a hit on a watchlist, step by step.
create table watch_hit (
  alert_id uuid primary key references alert (id) on delete cascade,
  steps jsonb not null,
  version integer not null
);

-- Who may see the plates of alerts whole, for which case and until when.
create table plate_permit (
  id uuid primary key,
  holder_type text not null check (holder_type in ('person', 'token', 'subscription')),
  holder_id text not null,
  holder_name text not null,
  jurisdiction text not null,
  purpose text not null,
  case_number text not null,
  until_ms bigint not null,
  given_by_id text not null,
  given_by text not null,
  given_at_ms bigint not null,
  ended_at_ms bigint,
  ended_by text
);
create index plate_permit_open on plate_permit (holder_id) where ended_at_ms is null;
create trigger followed after insert or update or delete on plate_permit
  for each statement execute function note_topic('watchlists');
