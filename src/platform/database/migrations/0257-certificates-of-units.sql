-- What a unit showed when it was spoken to over https: SHA-256 of its certificate (64 hex digits), whom it names, and
-- when it ends. Seen, not demanded: which certificate is demanded stands with the address of the position.
alter table unit add column if not exists cert_fingerprint text;
alter table unit add column if not exists cert_subject text;
alter table unit add column if not exists cert_not_after_ms bigint;

-- Which certificates end next?
create index if not exists unit_certificate on unit (cert_not_after_ms, id) where cert_not_after_ms is not null;

-- As in 0202, and a device is found by the fingerprint of the certificate of its unit.
create or replace function refresh_device_search(changed_id text) returns void language plpgsql as $$
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
    || array['key/' || search_key(p.id), 'key/' || p.gb_id, 'key/' || search_key(u.serial), 'gb/' || p.gb_id,
      'key/' || u.cert_fingerprint];
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

drop trigger found_changed on unit;
create trigger found_changed after update of serial, mac, cert_fingerprint on unit for each row
  when ((old.serial, old.mac, old.cert_fingerprint) is distinct from (new.serial, new.mac, new.cert_fingerprint))
  execute function search_unit();
