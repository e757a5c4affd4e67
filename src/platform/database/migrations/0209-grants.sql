-- Leave to look beyond the own border: somebody asks, for a case and until a day, and somebody else of the area approves.
create table access_grant (
  id uuid primary key,
  -- Who asked, and gets it.
  holder_type text not null check (holder_type in ('person', 'token')),
  holder_id text not null,
  holder_name text not null,
  -- The area it opens, and the rights that hold there.
  jurisdiction text not null references jurisdiction (code),
  rights jsonb not null,
  case_number text not null,
  reason text not null,
  until_ms bigint not null,
  asked_at_ms bigint not null,
  approved_at_ms bigint,
  approved_by_id text,
  approved_by text,
  ended_at_ms bigint,
  ended_by text,
  check ((approved_at_ms is null) = (approved_by_id is null)),
  -- Nobody approves what they asked for themselves.
  check (approved_by_id is null or approved_by_id <> holder_id)
);
create index access_grant_by_area on access_grant (jurisdiction text_pattern_ops, asked_at_ms);
create index access_grant_by_holder on access_grant (holder_id, asked_at_ms);
create trigger followed after insert or update or delete on access_grant
  for each row execute function note_topic('grants');
