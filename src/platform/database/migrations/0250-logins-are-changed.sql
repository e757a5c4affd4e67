-- Whether somebody else uses the login of a position as well: true and it is never changed by us, false and what looks
-- like it is none, null and nobody said.
alter table position add column login_shared boolean;

-- Since when nobody but the change of its login may log in there: which one is true is not known, and makers lock out
-- who tries a wrong one too often. Null nearly always.
alter table position add column login_held_ms bigint;

-- Positions at one host, to see that a login is that of a recorder.
create index position_by_onvif_host on position
  ((lower(substring(onvif->>'xaddr' from '^[a-z]+://(\[[^\]]*\]|[^:/?#]*)')))) where onvif is not null;
create index position_by_stream_host on position
  ((lower(substring(stream->'main'->>'url' from '^[a-z]+://(\[[^\]]*\]|[^:/?#]*)')))) where stream is not null;

-- A change of a camera's login, and how far it is. Both logins are here before the camera is told anything.
create table login_rotation (
  id text primary key,
  device text not null references position (id),
  -- Who wants it.
  caller jsonb not null,
  -- Which account, and the name of the one that was used.
  plan jsonb not null,
  -- Sealed; empty once it ended.
  old_login text not null,
  new_password text not null,
  state jsonb not null,
  -- What was found at each door, as it is shown.
  steps jsonb not null default '[]',
  -- The camera is left alone until then.
  rest_until_ms bigint,
  began_ms bigint not null,
  ended_ms bigint
);

create unique index login_rotation_open on login_rotation (device) where ended_ms is null;
create index login_rotation_of_device on login_rotation (device, began_ms);

-- Logins that a camera had, or may have had, sealed; the last five of each.
create table kept_login (
  id bigint generated always as identity primary key,
  device text not null references position (id) on delete cascade,
  login text not null,
  kept_ms bigint not null,
  -- When it was tried again, which is done once.
  tried_ms bigint
);

create index kept_login_of_device on kept_login (device, id);
