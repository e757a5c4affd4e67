-- Of a small area what is acknowledged or assigned is found in the index, without a look at that of all others.
drop index alert_handled;
create index alert_handled on alert (handling, first_at_ms desc, id desc, jurisdiction text_pattern_ops)
  where handling not in ('new', 'closed');
-- How many of a desk are open, or in hand, says neither the one nor the other alone: a desk may have hardly any.
create statistics alert_desks (mcv) on desk, handling, (handling = 'closed') from alert;
