alter table person
  -- The password was given by somebody else, once: nothing is done with it but to change it.
  add column must_change boolean not null default false,
  -- Secret of the second factor (RFC 6238), sealed by the vault; null = none. It counts once it was confirmed by a code.
  add column totp_sealed text,
  add column totp_confirmed_at_ms bigint,
  -- The newest step of 30 s of which a code was taken: none is taken twice.
  add column totp_step bigint not null default 0;

-- Codes for the day the telephone is lost; each works once. Keyed hashes.
create table recovery_code (
  person_id uuid not null references person (id),
  code_hash bytea not null,
  primary key (person_id, code_hash)
);

alter table session
  -- What people name a session by: the id in the cookie is a secret.
  add column id uuid not null default gen_random_uuid(),
  add column address text not null default '',
  add column agent text not null default '';
create unique index session_by_id on session (id);
