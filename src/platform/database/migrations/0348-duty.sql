-- Who has duty for an area, or for a police agency in it, and when. The first of the people leads.
create table duty_shift (
  id uuid primary key,
  jurisdiction text not null,
  police text,
  -- Ids and user names of people, in the same order.
  people text[] not null,
  usernames text[] not null,
  starts_at_ms bigint not null,
  ends_at_ms bigint not null,
  created_by text not null,
  created_at_ms bigint not null,
  removed_at_ms bigint,
  version integer not null default 1,
  check (ends_at_ms > starts_at_ms),
  check (cardinality(people) > 0 and cardinality(people) = cardinality(usernames))
);
create index duty_shift_by_end on duty_shift (ends_at_ms) where removed_at_ms is null;

-- What the lead of one shift hands to the lead of another; each signs for themselves.
create table duty_hand_over (
  id uuid primary key,
  from_shift uuid not null references duty_shift,
  to_shift uuid not null references duty_shift,
  jurisdiction text not null,
  police text,
  note text not null,
  -- Alerts that are open, as they stood: id, handling, visibility, and whether somebody of the shift has it.
  items jsonb not null,
  -- How many more were open than are listed.
  more integer not null,
  given_by text not null,
  given_at_ms bigint not null,
  taken_by text,
  taken_at_ms bigint,
  -- Ids of those that stay with whoever had them.
  left_items jsonb,
  version integer not null default 1
);
create unique index duty_hand_over_once on duty_hand_over (from_shift) where taken_at_ms is null;
create index duty_hand_over_by_time on duty_hand_over (given_at_ms);
