-- The version of an incident takes over how often alerts were reported that leave it: that has no small limit.
alter table incident alter column version type bigint;
