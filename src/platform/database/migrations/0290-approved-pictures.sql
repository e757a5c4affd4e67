-- What a camera should show: pictures that somebody approved, as points of brightness (192 x 108), for nobody to look at.
create table approved_picture (
  id uuid primary key,
  device text collate "C" not null,
  -- Such as `day`, or where it looks to.
  name text not null,
  -- Of a camera that moves: the preset at which it was taken.
  preset text,
  points bytea not null check (octet_length(points) = 20736),
  by_name text not null,
  at_ms bigint not null
);
create index approved_picture_device on approved_picture (device, at_ms, id);
