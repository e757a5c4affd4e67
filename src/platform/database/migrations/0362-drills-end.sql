-- Drills end by themselves; those that were begun before and are still open do so four hours after their beginning.
insert into work_item (queue, key, due_at_ms)
select 'alert-life', id::text, first_at_ms + 14400000 from alert where exercise and handling <> 'closed'
on conflict do nothing;
