-- When the file of a row was missed; null while it is there. Its time is a hole then.
alter table recording add column if not exists lost_at_ms bigint;
