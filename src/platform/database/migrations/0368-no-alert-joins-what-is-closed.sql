-- An alert that joins an incident waits for whoever is just closing it, and then finds it closed: what was read has
-- changed, and is read once more. Else it would be an open part of what is closed, which nobody saw.
create function alert_joins_incident() returns trigger language plpgsql as $$
declare
  is_state text;
begin
  -- An upsert inserts first: of what is there already the update is judged.
  if tg_op = 'INSERT' and exists (select from alert where id = new.id) then
    return new;
  end if;
  select state into is_state from incident where id = new.incident for share;
  if is_state = 'closed' then
    raise exception 'what was read has changed' using errcode = '40001';
  end if;
  return new;
end
$$;

create trigger alert_opens_in_incident before insert on alert
  for each row when (new.incident is not null) execute function alert_joins_incident();
create trigger alert_joins_incident before update of incident on alert
  for each row when (new.incident is not null and new.incident is distinct from old.incident)
  execute function alert_joins_incident();
