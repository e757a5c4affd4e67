-- Viewer tokens: who has one may fetch the live video of one camera, or of one mosaic, by a protocol without sessions.
-- The secret that goes with an id is made of it and of a key that is not in the database.
create table if not exists stream_pass (
  id uuid primary key,
  -- Whose looks they are.
  viewer_type text not null,
  viewer_id text not null,
  viewer_name text not null,
  -- One, or those of a mosaic in the order of their tiles.
  cameras text[] not null check (cardinality(cameras) between 1 and 16),
  is_mosaic boolean not null,
  quality text not null,
  -- What the stream is pulled for.
  used_for text not null,
  purpose text not null,
  case_number text,
  created_at_ms bigint not null,
  expires_at_ms bigint not null,
  revoked_at_ms bigint
);
create index if not exists stream_pass_viewer on stream_pass (viewer_type, viewer_id, expires_at_ms);
create index if not exists stream_pass_expires on stream_pass (expires_at_ms);
