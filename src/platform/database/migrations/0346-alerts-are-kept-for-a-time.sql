-- Closed alerts go once they are older than their class is kept, and then their entries of the log go; no other entry does.
create or replace function alert_event_refuse() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if not exists (select from alert where id = old.alert_id) then
      return old;
    end if;
  end if;
  raise exception 'the alert log is append-only';
end $$;
create index alert_closed on alert (class, closed_at_ms) where handling = 'closed';

-- One row: entries of the log up to this one may be missing.
create table alert_log_floor (
  singleton boolean primary key default true check (singleton),
  seq bigint not null
);
insert into alert_log_floor (seq) values (0);

-- Keys of pictures whose alerts are gone, until their files are.
create table alert_gone_picture (
  key text primary key
);
