-- For one statement that writes several things of which a part may be refused: where `holds` is not true it fails as a
-- whole, so that nothing of it stays, without a transaction around it. The code is ours (sql-errors.ts).
create function must(holds boolean, what text) returns boolean language plpgsql as $$
begin
  if holds is not true then
    raise exception using errcode = 'CW001', message = what;
  end if;
  return true;
end $$;

-- Cameras near a place are looked for with every alert.
create index position_camera_place on position (lat) where state = 'active' and stream is not null;
