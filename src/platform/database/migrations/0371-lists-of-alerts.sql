-- What is asked for and is rare among many alerts: without these a page of it reads through all that ever were.
create index alert_by_device on alert (device, first_at_ms desc, id desc);
create index alert_by_rule on alert (rule, first_at_ms desc, id desc);
create index alert_grave on alert (severity, first_at_ms desc, id desc) where severity in ('extreme', 'severe');
create index alert_unsure on alert (condition, first_at_ms desc, id desc) where condition in ('stale', 'recovering');
create index alert_hidden on alert (visibility, first_at_ms desc, id desc) where visibility <> 'normal';
create index alert_handled on alert (handling, first_at_ms desc, id desc) where handling not in ('new', 'closed');
create index alert_climbed on alert (first_at_ms desc, id desc) where level > 0;
create index alert_acked_by on alert (acked_by_id, first_at_ms desc) where acked_by_id is not null;
create index alert_assigned_to on alert (assigned_to, first_at_ms desc) where assigned_to is not null;
