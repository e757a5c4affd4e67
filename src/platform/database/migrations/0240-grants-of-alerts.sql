-- A grant may be bound to an alert, beside a case or without one, and ends when that alert is closed.
alter table access_grant
  add column alert_id uuid,
  alter column case_number drop not null,
  add constraint access_grant_has_cause check (case_number is not null or alert_id is not null);
create index access_grant_by_alert on access_grant (alert_id) where ended_at_ms is null and alert_id is not null;

-- Whoever holds grants in memory hears that an alert was closed that one is bound to.
create function note_closed_alert() returns trigger language plpgsql as $$
begin
  if exists (select from access_grant where alert_id = new.id and ended_at_ms is null) then
    perform note_change('grants', '');
  end if;
  return null;
end $$;
create trigger followed_closing after update of handling on alert
  for each row when (new.handling = 'closed' and old.handling <> 'closed') execute function note_closed_alert();
