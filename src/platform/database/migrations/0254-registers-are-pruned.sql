-- Old rows of the audit trail and the access register may go, from the beginning of their chains on, once a signed proof says
-- so: it holds the hash that the rest of the chain follows. The proof comes first and is kept for ever.
create table register_prune (
  register text not null check (register in ('audit', 'access')),
  -- Place in the chain of the last row that goes, which is also how many have gone since the beginning.
  link bigint not null check (link > 0),
  hash bytea not null check (length(hash) = 32),
  -- Every row that goes was written before.
  kept_from_ms bigint not null,
  at_ms bigint not null,
  key_id text not null,
  signature bytea not null check (length(signature) = 64),
  primary key (register, link)
);
create trigger register_prune_append_only before update or delete or truncate on register_prune
  for each statement execute function refuse_change();

create function is_pruned(of_register text, of_link bigint) returns boolean language sql stable as $$
  select coalesce(of_link <= (select max(link) from register_prune where register = of_register), false)
$$;

create or replace function refuse_change_but_sealing() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and is_pruned('audit', old.link) then
    return old;
  end if;
  if tg_op = 'UPDATE' and old.link is null and new.link is not null
    and (old.seq, old.at_ms, old.caller_type, old.caller_id, old.caller_name, old.action, old.subject,
         old.jurisdiction, old.before::text, old.after::text, old.request_id)
      is not distinct from
        (new.seq, new.at_ms, new.caller_type, new.caller_id, new.caller_name, new.action, new.subject,
         new.jurisdiction, new.before::text, new.after::text, new.request_id)
  then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name;
end
$$;

create or replace function refuse_change_but_sealing_looks() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and is_pruned('access', old.link) then
    return old;
  end if;
  if tg_op = 'UPDATE' and old.link is null and new.link is not null
    and (old.seq, old.at_ms, old.viewer_type, old.viewer_id, old.viewer_name, old.act, old.device, old.jurisdiction,
         old.purpose, old.case_number, old.asked)
      is not distinct from
        (new.seq, new.at_ms, new.viewer_type, new.viewer_id, new.viewer_name, new.act, new.device, new.jurisdiction,
         new.purpose, new.case_number, new.asked)
  then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name;
end
$$;
