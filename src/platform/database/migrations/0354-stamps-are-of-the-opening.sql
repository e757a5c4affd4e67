-- When an alert was opened, and when it fired last: `committed_at_ms` said the first at its opening and the second later,
-- beside three stamps that stay those of the opening. What the log tells no more stays as it is.
alter table alert add column fired_at_ms bigint not null default 0;
update alert set fired_at_ms = committed_at_ms, committed_at_ms = coalesce(
  (select min(at_ms) from alert_event where alert_id = alert.id and type = 'alert.opened'), committed_at_ms)
where handling <> 'closed';
