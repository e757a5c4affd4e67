-- Devices are found and counted by their police agency without a look at their positions.
alter table device_search add column if not exists police text;

-- Whatever writes the row of a device tells its agency as well.
create or replace function station_of_device() returns trigger language plpgsql as $$
begin
  select police into new.police from position where id = new.id;
  return new;
end $$;
create or replace trigger told_with_station before insert or update on device_search
  for each row execute function station_of_device();

update device_search as d set police = null from position as p where p.id = d.id and p.police is not null;

-- What is counted is read from an index alone.
drop index if exists device_search_group;
create index device_search_group on device_search (group_id, tag_set, police);
create index if not exists device_search_police on device_search (police, group_id, tag_set) where police is not null;
