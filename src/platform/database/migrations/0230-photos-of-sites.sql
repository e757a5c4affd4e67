-- Photos that people took of a device. The bytes are a blob, without any metadata; rows go before their blobs.
create table site_photo (
  -- Chosen by who sent it, so that a request that comes again is known; `request_hash` tells whether it is the same.
  id uuid primary key,
  request_hash bytea not null,
  device text not null references position (id),
  -- The work it belongs to, and goes with; null where it was taken without an order, or its order is gone.
  order_number text references work_order (number) on delete set null,
  what text not null check (what in ('before', 'after', 'sign', 'other')),
  media_type text not null,
  width integer not null,
  height integer not null,
  size_bytes integer not null,
  -- Of the bytes that are kept.
  sha256 bytea not null,
  kept_ms bigint not null,
  by_type text not null,
  by_id text not null,
  by_name text not null,
  -- What the telephone wrote into it, unchecked: WGS 84, radius in metres, Unix time, and the time on its clock.
  claimed_lat double precision,
  claimed_lon double precision,
  claimed_accuracy_m double precision,
  claimed_ms bigint,
  claimed_local text
);

create index site_photo_of_order on site_photo (order_number, kept_ms);
create index site_photo_of_device on site_photo (device, kept_ms);
create index site_photo_alone on site_photo (kept_ms) where order_number is null;
