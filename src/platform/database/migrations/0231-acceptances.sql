-- That a device was accepted: who, when, with which check and which photo of its sign. Nothing of it is ever changed.
create table acceptance (
  -- Chosen by who sent it, so that a request that comes again is known; `request_hash` tells whether it is the same.
  id uuid primary key,
  request_hash bytea not null,
  device text not null references position (id),
  at_ms bigint not null,
  by_type text not null,
  by_id text not null,
  by_name text not null,
  -- What the device is for, as it was then.
  purpose text not null,
  note text,
  -- The notice that tells people of it. A photo that is named here is kept as long as this is.
  photo uuid not null references site_photo (id),
  -- What hung there.
  unit text not null references unit (id),
  -- What the check of the gateway found at that moment, and why it was accepted where that was `failed`.
  grade text not null check (grade in ('ok', 'warning', 'failed')),
  steps jsonb not null,
  despite text,
  check (grade <> 'failed' or despite is not null)
);

create index acceptance_of_device on acceptance (device, at_ms);
create index acceptance_of_photo on acceptance (photo);
