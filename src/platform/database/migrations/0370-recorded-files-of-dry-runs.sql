-- Files of messages that drafts of rules are tried on. Only who sent one may use it; it is deleted after 7 days.
create table rule_recording (
  id text primary key,
  -- Who sent it, with the area of that moment: another area is another person's.
  caller jsonb not null,
  caller_id text not null,
  lines integer not null,
  bytes bigint not null,
  -- Receipt of the first line and of the last.
  from_ms bigint not null,
  to_ms bigint not null,
  created_at_ms bigint not null
);

create index rule_recording_by_time on rule_recording (caller_id, created_at_ms, id);
create index rule_recording_old on rule_recording (created_at_ms);

-- Whole lines, gzip.
create table rule_recording_piece (
  recording text not null references rule_recording on delete cascade,
  at integer not null,
  -- Number of its first line in the file, from 1.
  line integer not null,
  zipped bytea not null,
  primary key (recording, at)
);

-- What it is tried on; null for what was received. It may be deleted before the dry run is.
alter table rule_dry_run add column recording text;
