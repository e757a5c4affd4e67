-- Walls of cameras that people keep: which ones, in which order, how many beside each other.
create table camera_wall (
  id uuid primary key,
  name text not null,
  -- Pictures at the same time.
  layout integer not null check (layout in (1, 4, 9, 16)),
  cameras text[] not null check (cardinality(cameras) <= 64),
  -- Whether others see it, and of which area: that of its owner as it was made.
  is_shared boolean not null,
  jurisdiction text not null,
  owner_type text not null,
  owner_id text not null,
  owner_name text not null,
  created_at_ms bigint not null,
  updated_at_ms bigint not null,
  version integer not null default 1
);
create index camera_wall_owner on camera_wall (owner_type, owner_id);
create index camera_wall_shared on camera_wall (jurisdiction text_pattern_ops) where is_shared;
