-- Parts of storms whose alert was closed before storms had an end: whoever runs the stages looks at them once.
insert into work_item (queue, key, revision, priority, due_at_ms, claimed_until_ms, fence, attempts)
select 'stage', 'storm-end ' || storm::text || ' 0 0', 1, 5, 0, 0, 0, 0
from (
  select distinct part.storm from alert part
  left join alert leader on leader.id = part.storm
  where part.storm is not null and part.handling <> 'closed'
    and (leader.id is null or leader.handling = 'closed' or leader.jurisdiction <> part.jurisdiction)
) over
on conflict (queue, key) do nothing;
