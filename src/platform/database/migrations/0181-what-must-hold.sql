-- For one statement that writes several things of which a part may be refused: where `holds` is not true it fails as a
-- whole, so that nothing of it stays, without a transaction around it. `code` is CW001 (ours, sql-errors.ts) where it
-- must not be tried again, 40001 where it may be.
create function must(holds boolean, code text, what text) returns boolean language plpgsql as $$
begin
  if holds is not true then
    raise exception using errcode = code, message = what;
  end if;
  return true;
end $$;

-- Statements that join the owner were planned for a thousand of them.
alter function owned_epoch(bigint) rows 1;

-- Cameras near a place are looked for with every alert.
create index position_camera_place on position (lat) where state = 'active' and stream is not null;
