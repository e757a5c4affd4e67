-- Faults that are over close themselves; of those that were over before, whoever runs the timers looks at each once.
insert into work_item (queue, key, due_at_ms)
select 'alert-life', id::text, last_at_ms + 1800000 from alert
where desk = 'maintenance' and condition = 'cleared' and handling <> 'closed'
on conflict do nothing;
