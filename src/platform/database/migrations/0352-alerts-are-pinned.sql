-- Closed alerts that are kept longer than their class says, because a bundle is made of them.
create table if not exists alert_pin (
  alert_id uuid not null references alert (id) on delete cascade,
  -- Of the export.
  bundle uuid not null,
  until_ms bigint not null,
  primary key (alert_id, bundle)
);
-- Clips of an alert are kept as long as it is pinned.
create index if not exists video_clip_alert on video_clip (alert) where alert is not null;
