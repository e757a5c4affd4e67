-- Links to live video for players without sessions and headers: each is for one camera or mosaic and one viewer. The
-- secret that goes with an id is made of it and of a key that is not in the database.
create table if not exists stream_link (
  id uuid primary key,
  -- Whose looks they are.
  viewer_type text not null,
  viewer_id text not null,
  viewer_name text not null,
  -- The login that it was made in and ends with; null for one of a token.
  session_id text,
  -- One, or those of a mosaic in the order of their tiles.
  cameras text[] not null check (cardinality(cameras) between 1 and 16),
  is_mosaic boolean not null,
  quality text not null,
  -- What the stream is pulled for.
  used_for text not null,
  purpose text not null,
  case_number text,
  created_at_ms bigint not null,
  -- It must be opened, and asked for again, until then; put off while it is watched, up to its end.
  open_until_ms bigint not null,
  ends_at_ms bigint not null,
  -- The network of whoever opened it first: nobody else may.
  network text
);
create index if not exists stream_link_viewer on stream_link (viewer_type, viewer_id, open_until_ms);
create index if not exists stream_link_open_until on stream_link (open_until_ms);
