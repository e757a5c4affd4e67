-- Which secret the keys of this database are made of: fingerprints that tell nothing of it. A gateway with another one
-- is refused before it writes a row that nobody could read or find again.
create table cluster_key (
  name text primary key,
  -- Null: in use since before fingerprints were kept, so it must come from the file it has, and is noted then.
  fingerprint text,
  noted_at timestamptz not null default clock_timestamp()
);

insert into cluster_key (name) select 'device-secrets'
  where exists (select from position) or exists (select from api_token);
insert into cluster_key (name) select 'plates'
  where exists (select from passage) or exists (select from watchlist_entry);
insert into cluster_key (name) select 'vault'
  where exists (select from passage) or exists (select from position where stream is not null or onvif is not null);
