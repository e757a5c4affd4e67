-- What a command carries that nobody may read, sealed. Nothing of it stays once the command is settled, whoever does it.
alter table command add column is_sealed boolean not null default false, add column sealed text;

create function forget_sealed() returns trigger language plpgsql as $$
begin
  new.sealed := null;
  return new;
end $$;

create trigger settled_forgets before update of settled_at_ms on command
  for each row when (new.settled_at_ms is not null and new.sealed is not null) execute function forget_sealed();

-- A new secret that goes to a device by command. Hash and sealed secret are here, and the command, before a word is said.
create table secret_change (
  id text primary key,
  device text not null references position (id),
  -- Who wants it.
  caller jsonb not null,
  command uuid not null,
  secret_hash bytea not null check (length(secret_hash) = 32),
  -- Sealed; empty once it was used, or another came. One that was perhaps heard is said again, never another one.
  secret text not null,
  -- `unproven`: its time is over, and both secrets stay valid; it may still be used.
  state text not null check (state in ('running', 'changed', 'unproven', 'overtaken')),
  problem text,
  began_ms bigint not null,
  deadline_ms bigint not null,
  ended_ms bigint,
  check ((state = 'running') = (ended_ms is null))
);

create unique index secret_change_open on secret_change (device) where ended_ms is null;
create index secret_change_of_device on secret_change (device, began_ms);

-- Another secret, or another unit, came: what was on its way is withdrawn, or a device would keep what is void.
create function overtake_secret_change(which text, now_valid bytea) returns void language sql as $$
  with over as (
    update secret_change set state = 'overtaken', problem = 'overtaken', secret = '',
      ended_ms = coalesce(ended_ms, (extract(epoch from clock_timestamp()) * 1000)::bigint)
    where device = which and state in ('running', 'unproven') and secret_hash is distinct from now_valid
    returning command
  )
  update command set state = 'expired', settled_at_ms = (extract(epoch from clock_timestamp()) * 1000)::bigint
  from over where command.id = over.command and settled_at_ms is null
$$;

create function secret_overtakes() returns trigger language plpgsql as $$
begin
  perform overtake_secret_change(position_id, new.secret_hash) from assignment
    where unit_id = new.id and to_ms is null;
  return null;
end $$;

create trigger overtakes after update of secret_hash on unit
  for each row when (old.secret_hash is distinct from new.secret_hash) execute function secret_overtakes();

create function unit_overtakes() returns trigger language plpgsql as $$
begin
  perform overtake_secret_change(new.position_id,
    (select secret_hash from unit where id = new.unit_id and new.to_ms is null));
  return null;
end $$;

create trigger overtakes after insert or update of to_ms on assignment
  for each row execute function unit_overtakes();

-- As in 0252. An old secret that is meant to stay while one new secret takes the place of another gets another time.
create or replace function end_old_secret() returns trigger language plpgsql as $$
begin
  if new.old_secret_hash is not distinct from old.old_secret_hash
    and new.old_until_ms is not distinct from old.old_until_ms then
    new.old_secret_hash := null;
    new.old_until_ms := null;
  end if;
  return new;
end $$;
