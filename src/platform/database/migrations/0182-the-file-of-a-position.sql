-- The point's file (一机一档). Null where nothing is known. Numbers that name something are text: "007" is not 7.
alter table position
  -- GB/T 28181 id: an alias, of one position that is in use at a time. A successor may take it over.
  add column gb_id text check (gb_id ~ '^[0-9]{20}$'),
  add column tier text check (tier in ('police', 'government', 'social')),
  -- Forbidden here as well as at every door: rooms where people sleep, wash, change or nurse.
  add column place_type text check (place_type not in ('hotel-room', 'private-dining-room', 'dormitory', 'bath',
                                                       'toilet', 'changing-room', 'nursing-room')),
  add column access_class text not null default 'public' check (access_class in ('public', 'key-site', 'minors')),
  add column address text,
  -- The department that answers for it.
  add column owner text,
  -- Degrees clockwise from north.
  add column heading double precision check (heading >= 0 and heading < 360),
  add column mounting text,
  add column height_m double precision,
  add column low_light boolean,
  add column hlc boolean,
  add column wdr boolean,
  -- 2560x1440; `pixels` is for those who look for at least so many.
  add column resolution text check (resolution ~ '^[1-9][0-9]{1,4}x[1-9][0-9]{1,4}$'),
  add column pixels bigint generated always as
    (split_part(resolution, 'x', 1)::bigint * split_part(resolution, 'x', 2)::bigint) stored,
  add column network text,
  add column link text,
  add column storage_days integer check (storage_days > 0),
  add column maintainer text,
  -- A day as text, 2027-03-31.
  add column warranty_end text,
  add column power text,
  add column circuit text,
  add column pole text,
  add column tags text[] not null default '{}';

create unique index position_gb_id on position (gb_id) where gb_id is not null and state <> 'retired';
