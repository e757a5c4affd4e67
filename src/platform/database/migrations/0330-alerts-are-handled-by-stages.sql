-- An alert is acknowledged for a time, sent to a unit, and hidden by somebody until some time. `hidden` says by whom and
-- until when; it is null for what a maintenance or an outage holds back, because their stages know that from memory.
alter table alert
  add column ack_until_ms bigint,
  add column unit text,
  add column dispatched_at_ms bigint,
  add column arrived_at_ms bigint,
  add column hidden jsonb,
  drop constraint alert_handling_check,
  add constraint alert_handling_check
    check (handling in ('new', 'acked', 'assigned', 'dispatched', 'arrived', 'in_progress', 'closed'));

-- When somebody was first told of an alert: deliveries are kept for a month, how long things took for longer.
create table alert_sent (
  alert_id uuid primary key,
  at_ms bigint not null
);
