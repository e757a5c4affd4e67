-- Whether the sound of a camera is taken too, where the settings allow that at all.
alter table stream_plan add column sound boolean not null default false;
