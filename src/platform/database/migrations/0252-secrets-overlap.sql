-- While a device is given a new secret the one before may stay valid, until the new one was used or to that time.
alter table unit
  add column old_secret_hash bytea check (length(old_secret_hash) = 32),
  add column old_until_ms bigint,
  add check ((old_secret_hash is null) = (old_until_ms is null));

create trigger followed_old after update of old_secret_hash on unit
  for each row when (old.old_secret_hash is distinct from new.old_secret_hash) execute function note_unit();

-- Whoever sets a secret without a word about the one before ends that as well: a swap, a claim, an edit by hand.
create function end_old_secret() returns trigger language plpgsql as $$
begin
  if new.old_secret_hash is not distinct from old.old_secret_hash then
    new.old_secret_hash := null;
    new.old_until_ms := null;
  end if;
  return new;
end $$;

create trigger old_secret_ends before update of secret_hash on unit
  for each row when (old.secret_hash is distinct from new.secret_hash) execute function end_old_secret();
