-- Short films of a camera that are kept for a reason, each a file of its own; its name follows from its id.
create table if not exists video_clip (
  id uuid primary key,
  device text collate "C" not null,
  quality text not null,
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  reason text not null,
  case_number text,
  -- The alert that it belongs to.
  alert text,
  by_type text not null,
  by_id text not null,
  by_name text not null,
  asked_at_ms bigint not null,
  -- Kept until then, whatever the class of the camera says.
  until_ms bigint not null,
  -- `waiting`, `ready`, `failed`
  state text not null,
  -- Of a clip that is ready: {startsAtMs, endsAtMs, bytes, sha256, codec, source}.
  file jsonb,
  -- What was asked for and is not in it: [{fromMs, toMs, cause, detail}].
  holes jsonb not null
);
create index if not exists video_clip_device on video_clip (device, from_ms);
create index if not exists video_clip_until on video_clip (until_ms);
create index if not exists video_clip_waiting on video_clip (to_ms) where state = 'waiting';
