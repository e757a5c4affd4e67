-- What a past day asks of a position: as what its life began, and when it was retired (Unix ms; null while it is in
-- use). Steps between stand in life_step. `heard`: whether anything was heard of it before it was retired.
alter table position add column if not exists first_state text;
alter table position add column if not exists retired_at_ms bigint;
alter table position add column if not exists heard boolean;

-- Nobody finds a device otherwise by this, and no memory holds it: what follows changes would only take minutes.
alter table position disable trigger found_changed;
alter table position disable trigger followed;

-- Of before, from the audit trail; where that is pruned, by what is there.
update position as p set first_state = made.state
  from (select distinct on (subject) subject, after ->> 'state' as state from audit_entry
    where action = 'device.create' order by subject, seq) as made
  where p.first_state is null and made.subject = 'device/' || p.id;
update position as p set first_state = case
    when state = 'retired' then 'in-service'
    when exists (select from life_step where position_id = p.id) then 'installed'
    when state = 'maintenance' then 'in-service'
    else state end
  where first_state is null;
update position as p set retired_at_ms = gone.at_ms
  from (select subject, max(at_ms) as at_ms from audit_entry where action = 'device.retire' group by subject) as gone
  where p.state = 'retired' and p.retired_at_ms is null and gone.subject = 'device/' || p.id;
update position as p set retired_at_ms = coalesce(retired_at_ms, updated_at_ms),
    heard = exists (select from device_downtime where position_id = p.id)
  where state = 'retired' and (retired_at_ms is null or heard is null);

alter table position enable trigger found_changed;
alter table position enable trigger followed;

-- Kept by whatever changes a position, also by hand.
create or replace function position_lives() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    new.first_state := coalesce(new.first_state, new.state);
  end if;
  if new.state <> 'retired' then
    new.retired_at_ms := null;
    new.heard := null;
  elsif new.retired_at_ms is null then
    new.retired_at_ms := case when tg_op = 'UPDATE' and new.updated_at_ms = old.updated_at_ms
      then (extract(epoch from clock_timestamp()) * 1000)::bigint else new.updated_at_ms end;
    new.heard := exists (select from device_health where position_id = new.id)
      or exists (select from device_downtime where position_id = new.id);
  end if;
  return new;
end $$;

drop trigger if exists lives on position;
create trigger lives before insert or update of state on position for each row execute function position_lives();

create index if not exists position_retired on position (retired_at_ms) where retired_at_ms is not null;
