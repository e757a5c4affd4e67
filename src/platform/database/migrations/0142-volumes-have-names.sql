-- The identity of each directory whose files rows of this database name: written once into the directory and here. A
-- directory without it is a disk that is not mounted, or that of somebody else, and nothing is concluded from what it lacks.
create table volume (
  name text primary key,
  identity uuid not null,
  since_ms bigint not null
);
