-- A replay is decided in one transaction with its audit row, and enters the journal from here. The version of the kind it
-- is to be judged by; null when nothing is left to do. What is left after a crash or behind a full journal is done later.
alter table dead_letter add column replay_kind_version integer;

create index dead_letter_replay_left on dead_letter (replayed_at_ms) where replay_kind_version is not null;
