-- Who may work on this database: one gateway at a time. Times are those of the database's clock.
create table gateway_lease (
  singleton boolean primary key default true check (singleton),
  -- Raised by each take-over; who was overtaken sees it by this.
  epoch bigint not null default 0,
  host text not null default '',
  pid integer not null default 0,
  directory text not null default '',
  -- Device and inode of the data directory: a copy of it is another one.
  inode text not null default '',
  since timestamptz not null default '-infinity',
  expires timestamptz not null default '-infinity'
);
insert into gateway_lease default values;

-- Tells this database from others that share a Redis with it.
create table database_identity (
  singleton boolean primary key default true check (singleton),
  id uuid not null default gen_random_uuid()
);
insert into database_identity default values;
