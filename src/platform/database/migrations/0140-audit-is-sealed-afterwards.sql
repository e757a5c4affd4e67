-- Audit rows are written by the edits' own transactions, side by side, and chained afterwards by one sealer; before, each
-- audited commit waited for the one before it. Rows that stand already keep their number, place and hash.
drop trigger audit_entry_append_only on audit_entry;

-- The place of a row in the chain, without gaps; null until it is sealed. `seq` says only in which order rows were
-- begun, and has gaps where an edit was rolled back.
alter table audit_entry add column link bigint;
update audit_entry set link = seq;
alter table audit_entry alter column hash drop not null;
alter table audit_entry add constraint audit_entry_sealed check ((link is null) = (hash is null));
create unique index audit_entry_link on audit_entry (link);
create index audit_entry_unsealed on audit_entry (seq) where link is null;

create sequence audit_entry_seq owned by audit_entry.seq;
select setval('audit_entry_seq', (select coalesce(max(seq), 0) + 1 from audit_entry), false);
alter table audit_entry alter column seq set default nextval('audit_entry_seq');

create function refuse_change_but_sealing() returns trigger language plpgsql as $$
begin
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

create trigger audit_entry_append_only before update or delete on audit_entry
  for each row execute function refuse_change_but_sealing();
create trigger audit_entry_no_truncate before truncate on audit_entry
  for each statement execute function refuse_change();
