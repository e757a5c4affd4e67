-- The police tree: agencies with codes of their own, 12 digits (GA/T 380), which look like codes of communities and are
-- none. No column that holds a jurisdiction refers to them.
create table police_agency (
  code text primary key check (code ~ '^[0-9]{12}$'),
  name text not null,
  level text not null check (level in ('city', 'county', 'station')),
  parent text references police_agency (code) check (parent <> code),
  -- The division whose people keep it, and in which it is seen.
  jurisdiction text not null references jurisdiction (code),
  -- Where a station is responsible, WGS-84, longitude first; null where nobody has drawn it.
  bounds polygon check (bounds is null or level = 'station'),
  check ((parent is null) = (level = 'city'))
);
create index police_agency_parent on police_agency (parent);
create index police_agency_bounds on police_agency using gist (box(bounds)) where bounds is not null;

-- The station that is responsible at a place; of several whose bounds overlap that of the smallest box.
create function police_at(at point) returns text language sql stable as $$
  select code from police_agency
  where bounds is not null and box(bounds) && box(at, at) and bounds @> at
  order by area(box(bounds)), code limit 1
$$;

alter table position
  -- By hand; null: by the bounds of stations.
  add column police_set text references police_agency (code),
  add column police_found text references police_agency (code),
  add column police text generated always as (coalesce(police_set, police_found)) stored;
create index position_police on position (police, jurisdiction text_pattern_ops) where police is not null;

create function find_police() returns trigger language plpgsql as $$
begin
  new.police_found := police_at(point(new.lon, new.lat));
  return new;
end $$;
create trigger police_of_new before insert on position for each row execute function find_police();
create trigger police_of_moved before update of lat, lon on position for each row
  when ((old.lat, old.lon) is distinct from (new.lat, new.lon)) execute function find_police();

-- Positions are found by their station like by a tag.
create function search_police() returns trigger language plpgsql as $$
declare
  station text;
begin
  select police into station from position where id = new.id;
  if station is not null then
    new.lexemes := array_to_tsvector(tsvector_to_array(new.lexemes) || ('police/' || station));
  end if;
  return new;
end $$;
create trigger with_police before insert on device_search for each row execute function search_police();

-- What finds the positions of an agency and of all below it; null, which finds nothing, where there is none.
create function police_query(asked text) returns tsquery language sql stable as $$
  with recursive below (code) as (
    select code from police_agency where code = asked
    union select child.code from police_agency as child join below on child.parent = below.code
  ) select string_agg(quote_literal('police/' || code), ' | ')::tsquery from below
$$;
