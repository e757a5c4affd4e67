-- Cameras that were looked for on the network. A discovery is a job: what it found and how far it is stands here, so it
-- goes on at the right address whenever its process dies. Nothing is registered by it.
create table discovery (
  id text primary key,
  -- Who asked for it; whoever sees all of the caller's jurisdiction sees it.
  caller jsonb not null,
  jurisdiction text not null,
  state text not null check (state in ('waiting', 'running', 'done', 'cancelled')),
  -- Whether all are asked by multicast, how long is listened then, and whether that is over.
  multicast boolean not null,
  listen_ms integer not null,
  probed boolean not null default false,
  -- Addresses that are asked one by one; the first that was not asked yet, counted from 0.
  cidr text,
  ports integer[] not null,
  address_count integer not null,
  next_address integer not null default 0,
  -- On how many network interfaces was asked; null before that.
  interfaces integer,
  -- Datagrams that were not looked at, and those that could not be read.
  dropped integer not null default 0,
  malformed integer not null default 0,
  created_at_ms bigint not null,
  ended_at_ms bigint
);

create index discovery_by_time on discovery (created_at_ms, id);

create table discovery_found (
  discovery text not null references discovery (id) on delete cascade,
  -- `address:port`: what is found twice is one thing.
  door text not null,
  address text not null,
  xaddr text not null,
  how text not null check (how in ('probe', 'hello', 'sweep')),
  endpoint text,
  maker text,
  model text,
  name text,
  serial text,
  firmware text,
  answer text not null check (answer in ('told', 'login', 'silent')),
  -- It said that it goes.
  gone boolean not null,
  found_at_ms bigint not null,
  primary key (discovery, door)
);

-- Which devices are reached at an address.
create index position_onvif_host on position
  ((substring(onvif ->> 'xaddr' from '^[a-z]+://(?:[^/@]*@)?(\[[^]]+\]|[^/:?#]+)')))
  where onvif is not null and state <> 'retired';
create index position_stream_host on position
  ((substring(stream -> 'main' ->> 'url' from '^[a-z]+://(?:[^/@]*@)?(\[[^]]+\]|[^/:?#]+)')))
  where stream is not null and state <> 'retired';
