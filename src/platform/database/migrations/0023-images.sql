-- Pictures that devices sent. The bytes are files below `images/` of the data directory; a row is written after its file.
create table image (
  id uuid primary key,
  device text not null,
  jurisdiction text not null,
  media_type text not null,
  size_bytes integer not null check (size_bytes > 0),
  sha256 bytea not null,
  -- Also names the directory of the file: one a day.
  received_at_ms bigint not null,
  -- The same bytes may come again, and are then kept from that moment on.
  last_sent_at_ms bigint not null,
  unique (device, sha256)
);

create index image_oldest on image (last_sent_at_ms);
