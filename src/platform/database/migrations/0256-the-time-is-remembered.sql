-- The time of day that was believed last, Unix ms: a start whose clock stands far ahead of it removes nothing at once.
create table believed_time (is_one boolean primary key default true check (is_one), at_ms bigint not null);
