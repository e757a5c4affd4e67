-- Rules that people put in force by the API, version by version, beside those of the files. The highest version counts.
create table rule_version (
  id uuid primary key,
  rule text not null,
  version integer not null check (version > 0),
  -- Text of the rule file; null where this version ends the rule.
  text text,
  state text not null check (state in ('asked', 'in-force', 'replaced', 'rejected')),
  reason text not null,
  asked_by text not null,
  asked_by_name text not null,
  -- Area of who asked: only who has it may look and decide.
  jurisdiction text not null,
  created_at_ms bigint not null,
  -- Null while it is asked for, and where nobody had to approve it.
  decided_by text,
  decided_by_name text,
  decided_at_ms bigint,
  decided_why text
);
create unique index rule_version_number on rule_version (rule, version) where state <> 'rejected';
create unique index rule_version_asked on rule_version (rule) where state = 'asked';
create unique index rule_version_in_force on rule_version (rule) where state = 'in-force';
create index rule_version_by_time on rule_version (created_at_ms);
