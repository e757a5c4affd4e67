-- What is done to each device of a district: the machinery of checks leads changes of logins as well.
alter table check_job add column type text not null default 'checks' check (type in ('checks', 'rotations'));
