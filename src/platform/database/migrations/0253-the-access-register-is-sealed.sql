-- The access register is chained afterwards by the sealer, as the audit trail is: whoever looks waits for nothing more than
-- the row itself. Rows that stand already are sealed by the first start, in the order of their numbers.
drop trigger access_register_append_only on access_register;
drop trigger access_register_keep on access_register;
drop function access_register_refuse();

alter table access_register add column link bigint;
alter table access_register add column hash bytea check (length(hash) = 32);
alter table access_register add constraint access_register_sealed check ((link is null) = (hash is null));
create unique index access_register_link on access_register (link) where link is not null;
create index access_register_unsealed on access_register (seq) where link is null;

create function refuse_change_but_sealing_looks() returns trigger language plpgsql as $$
begin
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

create trigger access_register_append_only before update or delete on access_register
  for each row execute function refuse_change_but_sealing_looks();
create trigger access_register_no_truncate before truncate on access_register
  for each statement execute function refuse_change();
