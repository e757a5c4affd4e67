-- What a process holds in memory and another one may change, by the API of another node or by hand. A row says that
-- something of a topic was changed and which; it is written by the same transaction as the change, whoever makes it.
-- No version that is counted up: its row would make all edits of a topic wait for each other's commits. Readers ask for
-- rows of transactions that were not over when they last asked (xid at or above the oldest one that ran then).
create table followed_change (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  topic text not null,
  key text not null,
  noted_at timestamptz not null default clock_timestamp()
);

create index followed_change_by_xid on followed_change (xid, topic, key);
create index followed_change_by_time on followed_change (noted_at);

create function note_change(topic_noted text, key_noted text) returns void language plpgsql as $$
begin
  insert into followed_change (topic, key)
    select topic_noted, key_noted
    where not exists (
      select from followed_change where xid = pg_current_xact_id() and topic = topic_noted and key = key_noted);
  -- Only a knock: it says nothing, so nobody can be told anything false by it.
  perform pg_notify('citywatch_followed', '');
end $$;

create function note_topic() returns trigger language plpgsql as $$
begin
  perform note_change(tg_argv[0], '');
  return null;
end $$;

create function note_position() returns trigger language plpgsql as $$
begin
  perform note_change('devices', coalesce(new.id, old.id));
  return null;
end $$;

create function note_assignment() returns trigger language plpgsql as $$
begin
  perform note_change('devices', coalesce(new.position_id, old.position_id));
  return null;
end $$;

create function note_unit() returns trigger language plpgsql as $$
begin
  perform note_change('devices', position_id) from assignment where unit_id = new.id and to_ms is null;
  return null;
end $$;

create trigger followed after insert or update or delete on position
  for each row execute function note_position();
create trigger followed after insert or update or delete on assignment
  for each row execute function note_assignment();
create trigger followed after update of secret_hash on unit
  for each row execute function note_unit();
create trigger followed after insert on device_kind_version
  for each row execute function note_topic('kinds');
create trigger followed after insert or update or delete on api_token
  for each row execute function note_topic('tokens');
-- A new person, or a new session, ends nothing that is remembered.
create trigger followed after update or delete on person
  for each row execute function note_topic('people');
create trigger followed after delete on session
  for each row execute function note_topic('people');
-- Lists of thousands of entries come in a few statements.
create trigger followed after insert or update or delete on watchlist
  for each statement execute function note_topic('watchlists');
create trigger followed after insert or update or delete on watchlist_entry
  for each statement execute function note_topic('watchlists');
-- Each start writes the tree again; what stays as it was is no change.
create trigger followed_rows after insert or delete on jurisdiction
  for each row execute function note_topic('jurisdictions');
create trigger followed_changes after update on jurisdiction
  for each row when (old.* is distinct from new.*) execute function note_topic('jurisdictions');
