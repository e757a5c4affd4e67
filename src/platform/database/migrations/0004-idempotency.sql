-- First answers by Idempotency-Key, so that a repeated POST gets the same one. Kept for a day.
create table idempotency (
  caller text not null,
  key text not null,
  route text not null,
  body_hash text not null,
  -- Null while the first request is running; taken over once lease_until_ms has passed.
  status integer,
  response text,
  created_at_ms bigint not null,
  lease_until_ms bigint not null,
  primary key (caller, key)
);

create index idempotency_created on idempotency (created_at_ms);
