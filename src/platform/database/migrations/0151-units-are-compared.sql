-- What else tells one unit from another besides its serial number: hardware addresses (lower case, sorted, with commas
-- between) and the ONVIF endpoint reference. Null where the camera does not tell.
alter table unit add column mac text;
alter table unit add column endpoint text;

-- Cameras at whose address something else answers than the unit that is registered. They show nothing until that unit
-- answers again or a technician accepts the other as the new unit; then the row goes.
create table foreign_unit (
  device text primary key references position (id),
  since_ms bigint not null,
  -- Names of what differs: serial, mac, endpoint, model.
  differs jsonb not null,
  -- What answers, as it says of itself: maker, model, serial, firmware, mac, endpoint.
  found jsonb not null
);
