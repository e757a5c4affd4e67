-- The tree of administrative divisions (GB/T 2260 and below). Codes that were abolished stay, with their successor.
create table jurisdiction (
  code text primary key check (code ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12})$'),
  name_zh text not null,
  name_en text not null,
  parent text references jurisdiction (code),
  -- Days as text, 2016-09-14; null = as far as we look.
  valid_from text,
  valid_to text,
  successor text references jurisdiction (code)
);

-- The place: its code, rights and history. Units of hardware come and go.
create table position (
  id text primary key,
  kind text not null,
  name text not null,
  jurisdiction text not null references jurisdiction (code),
  -- WGS-84 degrees; datum says in what the numbers were given.
  lat double precision not null check (lat between -90 and 90),
  lon double precision not null check (lon between -180 and 180),
  datum text not null check (datum in ('wgs84', 'gcj02')),
  parent text references position (id) check (parent <> id),
  purpose text,
  state text not null check (state in ('active', 'maintenance', 'retired')),
  -- How to reach it; logins inside are sealed by the vault.
  stream jsonb,
  onvif jsonb,
  version bigint not null check (version > 0),
  created_at_ms bigint not null,
  updated_at_ms bigint not null
);

create index position_jurisdiction on position (jurisdiction text_pattern_ops, id);
create index position_parent on position (parent) where parent is not null;

-- The hardware. All identity is text: a serial "007" is not 7.
create table unit (
  id text primary key,
  maker text,
  model text,
  serial text,
  firmware text,
  -- HMAC-SHA256 of the device's secret under the server's key.
  secret_hash bytea not null check (length(secret_hash) = 32),
  created_at_ms bigint not null
);

-- Which unit stood where, from when to when (Unix ms); the row without an end is today's.
create table assignment (
  position_id text not null references position (id),
  unit_id text not null references unit (id),
  from_ms bigint not null,
  to_ms bigint check (to_ms >= from_ms),
  primary key (position_id, unit_id, from_ms)
);

create unique index assignment_open_position on assignment (position_id) where to_ms is null;
create unique index assignment_open_unit on assignment (unit_id) where to_ms is null;

-- Cameras that see a position, nearest first.
create table position_camera (
  position_id text not null references position (id),
  camera_id text not null references position (id) check (camera_id <> position_id),
  rank integer not null,
  primary key (position_id, camera_id)
);

create index position_camera_camera on position_camera (camera_id);

create table api_token (
  id text primary key,
  name text not null,
  role text not null check (role in ('admin', 'operator', 'technician', 'viewer')),
  jurisdiction text not null references jurisdiction (code),
  purpose text,
  -- HMAC-SHA256 of the token under the server's key.
  token_hash bytea not null unique check (length(token_hash) = 32),
  created_by text not null,
  created_at_ms bigint not null,
  expires_at_ms bigint,
  revoked_at_ms bigint
);

create index api_token_jurisdiction on api_token (jurisdiction text_pattern_ops);
