-- Who changed what: append-only, and chained so that a row that was altered, removed or moved is found.
create table audit_entry (
  seq bigint primary key check (seq > 0),
  at_ms bigint not null,
  caller_type text not null,
  caller_id text not null,
  caller_name text not null,
  action text not null,
  subject text not null,
  jurisdiction text not null,
  -- JSON and not JSONB: the hash is taken over the text as it stands.
  before json,
  after json,
  request_id text,
  -- sha256 over the previous row's hash and this row; the first row follows 32 zero bytes.
  hash bytea not null check (length(hash) = 32)
);

create index audit_entry_subject on audit_entry (subject, seq);
create index audit_entry_jurisdiction on audit_entry (jurisdiction text_pattern_ops, seq);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end
$$;

create trigger audit_entry_append_only before update or delete or truncate on audit_entry
  for each statement execute function refuse_change();
