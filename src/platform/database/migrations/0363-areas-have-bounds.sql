-- Where an area lies: its corners in order, [[longitude, latitude], …] in WGS-84; null where nobody has drawn it.
alter table jurisdiction add column bounds jsonb;
