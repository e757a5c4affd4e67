-- How devices are found: one narrow row for each position, kept by triggers in the transaction of whatever changes it,
-- also by hand. Chinese is found by character, every other word by its beginning. The index is our own: the locale of
-- the cluster is C, and trigrams need three characters and a locale.

-- `said` as it is compared: full width as half width, capitals as small letters, a space for whatever is neither letter
-- nor digit, and one wherever a word of Latin letters and digits begins or ends. src/devices/search/words.ts says the
-- same; a test holds the two equal.
create function search_fold(said text) returns text language sql immutable strict parallel safe as $$
  select btrim(regexp_replace(
    regexp_replace(
      translate(lower(normalize(said, nfkc) collate "C"),
        'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ',
        'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюяё'),
      '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u1680\u2000-\u2bff\u3000-\u3004\u3008-\u3020\u3030\u303d-\u303f'
        '\u30fb\ufe10-\ufe6f\ufeff\ufff0-\uffff]+', ' ', 'g'),
    '([a-z0-9])(?=[^a-z0-9 ])|([^a-z0-9 ])(?=[a-z0-9])', '\1\2 ', 'g'))
$$;

-- A text that must be told as a whole, such as a serial number: compared without capitals, width and outer spaces.
create function search_key(said text) returns text language sql immutable strict parallel safe as $$
  select nullif(left(btrim(lower(normalize(said, nfkc) collate "C")), 200), '')
$$;

-- Texts of a device folded, a space before and behind each word, a slash between two texts.
create function search_words(texts text[]) returns text language plpgsql immutable strict parallel safe as $$
declare
  said text;
  folded text;
  words text := ' ';
begin
  foreach said in array texts loop
    folded := search_fold(said);
    if folded <> '' then
      words := words || folded || ' / ';
    end if;
  end loop;
  return words;
end $$;

-- What such words are looked up by: each Latin word whole, each other character alone and with the next one.
create function search_lexemes(words text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
  word text;
  letters text[];
  lexemes text[] := '{}';
begin
  foreach word in array string_to_array(words, ' ') loop
    if word in ('', '/') then
      continue;
    end if;
    if ascii(word) < 128 then
      lexemes := lexemes || left(word, 64);
      continue;
    end if;
    letters := string_to_array(word, null);
    for place in 1 .. cardinality(letters) loop
      lexemes := lexemes || letters[place];
      if place > 1 then
        lexemes := lexemes || (letters[place - 1] || letters[place]);
      end if;
    end loop;
  end loop;
  return lexemes;
end $$;

-- What many devices have in common, once for each combination: lists are filtered and counted by it. `facets` is an
-- object of texts; src/devices/search/fields.ts says which. Nothing is removed: what no device has any more counts none.
create table device_group (
  id integer generated always as identity primary key,
  facets jsonb not null unique,
  jurisdiction text not null generated always as (facets ->> 'jurisdiction') stored
);

-- The same for tags, which would make too many groups.
create table device_tag_set (
  id integer generated always as identity primary key,
  tags text[] not null unique
);

create table device_search (
  id text primary key references position (id) on delete cascade,
  group_id integer not null references device_group (id),
  tag_set integer not null references device_tag_set (id),
  parent text,
  -- WGS-84, longitude first.
  place point not null,
  words text not null,
  -- Those of `words`; `key/…` for what may be told as a whole; `mac/…`, `gb/…` and `tag/…` for what is asked for as such.
  lexemes tsvector not null
);

create function device_group_of(said jsonb) returns integer language plpgsql as $$
declare
  found_id integer;
begin
  loop
    select id into found_id from device_group where facets = said;
    if found then
      return found_id;
    end if;
    insert into device_group (facets) values (said) on conflict (facets) do nothing;
  end loop;
end $$;

create function device_tag_set_of(said text[]) returns integer language plpgsql as $$
declare
  found_id integer;
begin
  loop
    select id into found_id from device_tag_set where tags = said;
    if found then
      return found_id;
    end if;
    insert into device_tag_set (tags) values (said) on conflict (tags) do nothing;
  end loop;
end $$;

-- Brings the row of a position up to what stands there. It is locked first: a change that was committed meanwhile must
-- be seen by what is read after. One position at a time: a plan for many at once, made while the tables were small,
-- would read them from one end to the other when they are not.
create function refresh_device_search(changed_id text) returns void language plpgsql as $$
declare
  p record;
  u unit%rowtype;
  macs text[];
  said text;
  tags text[];
  facets jsonb;
  lexemes text[];
  now_is device_search%rowtype;
begin
  perform from device_search where id = changed_id for update;
  select * into p from position where id = changed_id;
  if not found then
    return;
  end if;
  select unit.* into u from assignment join unit on unit.id = unit_id where position_id = changed_id and to_ms is null;
  macs := coalesce(string_to_array(replace(u.mac, ':', ''), ','), '{}');
  now_is.words := search_words(array_remove(array[p.id, p.name, p.address, p.gb_id, p.pole, u.serial] || macs, null));
  lexemes := search_lexemes(now_is.words)
    || array['key/' || search_key(p.id), 'key/' || p.gb_id, 'key/' || search_key(u.serial), 'gb/' || p.gb_id];
  foreach said in array macs loop
    lexemes := lexemes || ('mac/' || said);
  end loop;
  foreach said in array p.tags loop
    lexemes := lexemes || ('tag/' || search_key(said));
  end loop;
  facets := jsonb_strip_nulls(jsonb_build_object('kind', p.kind, 'jurisdiction', p.jurisdiction, 'state', p.state,
    'owner', p.owner, 'tier', p.tier, 'placeType', p.place_type, 'accessClass', p.access_class,
    'lowLight', p.low_light::text, 'hlc', p.hlc::text, 'wdr', p.wdr::text));
  tags := array(select distinct tag from unnest(p.tags) as tag order by tag);
  now_is.id := p.id;
  now_is.group_id := device_group_of(facets);
  now_is.tag_set := device_tag_set_of(tags);
  now_is.parent := p.parent;
  now_is.place := point(p.lon, p.lat);
  now_is.lexemes := array_to_tsvector(array_remove(lexemes, null));
  insert into device_search as was values (now_is.*)
    on conflict (id) do update set group_id = excluded.group_id, tag_set = excluded.tag_set, parent = excluded.parent,
      place = excluded.place, words = excluded.words, lexemes = excluded.lexemes
    where row (was.group_id, was.tag_set, was.parent, was.place[0], was.place[1], was.words, was.lexemes)
      is distinct from row (excluded.group_id, excluded.tag_set, excluded.parent, excluded.place[0], excluded.place[1],
        excluded.words, excluded.lexemes);
end $$;

select count(refresh_device_search(id)) from position;

-- No list of what came lately: every search would have to read it from one end to the other.
create index device_search_lexemes on device_search using gin (lexemes) with (fastupdate = off);
create index device_search_place on device_search using gist (place);
create index device_search_group on device_search (group_id, tag_set);
create index device_search_parent on device_search (parent, id) where parent is not null;

create function search_positions() returns trigger language plpgsql as $$
begin
  perform refresh_device_search(id) from changed order by id;
  return null;
end $$;

create function search_assignment() returns trigger language plpgsql as $$
begin
  -- A new unit of which nothing is known yet is found by nothing: most devices are registered with one.
  if tg_op = 'UPDATE' or exists (select from unit where id = new.unit_id and (serial is not null or mac is not null)) then
    perform refresh_device_search(new.position_id);
  end if;
  return null;
end $$;

create function search_unit() returns trigger language plpgsql as $$
begin
  perform refresh_device_search(position_id) from assignment where unit_id = new.id and to_ms is null;
  return null;
end $$;

create trigger found_new after insert on position referencing new table as changed
  for each statement execute function search_positions();
create trigger found_changed after update on position referencing new table as changed
  for each statement execute function search_positions();
create trigger found_new after insert on assignment for each row execute function search_assignment();
create trigger found_changed after update on assignment for each row execute function search_assignment();
create trigger found_changed after update of serial, mac on unit for each row
  when ((old.serial, old.mac) is distinct from (new.serial, new.mac)) execute function search_unit();
