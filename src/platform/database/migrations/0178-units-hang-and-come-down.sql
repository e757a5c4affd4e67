-- How a unit came to hang where it hangs, why, and who saw to it. Rows are only ever added and ended: what was undone
-- stays, and is followed by a row of its own.
alter table assignment add column how text not null default 'registered'
  check (how in ('registered', 'assigned', 'swapped', 'taken-down', 'undone'));
alter table assignment add column reason text;
alter table assignment add column by_name text;

-- Until now a swap was the only way to a second row.
update assignment set how = 'swapped' where exists (
  select from assignment earlier
  where earlier.position_id = assignment.position_id and earlier.from_ms < assignment.from_ms
);

-- Where did this unit hang?
create index assignment_unit on assignment (unit_id, from_ms);
create index unit_serial on unit (btrim(serial)) where serial is not null;
create index unit_mac on unit using gin (string_to_array(mac, ',')) where mac is not null;
