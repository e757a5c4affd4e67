-- Disks of recordings: those that were added, and how each is used. The first one, `recordings`, has no directory here:
-- the settings name it, and it has a row only once it is used otherwise than at first.
create table if not exists recording_disk (
  name text primary key,
  directory text unique,
  -- `active`; `draining`: nothing new is written there.
  use text not null,
  since_ms bigint not null
);

-- Retention asks for the oldest of a class on a disk, and who retires a disk for what is left on it.
create index if not exists recording_on_disk on recording (disk, class, starts_at_ms);
drop index if exists recording_oldest;
