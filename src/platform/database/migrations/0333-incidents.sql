-- Alerts that are one happening. `takes`: which alerts join by themselves when they open, as long as it is open.
create table incident (
  id uuid primary key,
  title text not null,
  jurisdiction text not null,
  police text,
  state text not null check (state in ('open', 'closed')),
  takes jsonb,
  opened_by text not null,
  opened_at_ms bigint not null,
  closed_by text,
  closed_at_ms bigint,
  version integer not null default 1
);
create index incident_open on incident (state) where state = 'open';
create index incident_by_time on incident (opened_at_ms desc, id);
-- What people did with it; what became of its alerts is in their log.
create table incident_entry (
  seq bigint generated always as identity primary key,
  incident_id uuid not null references incident (id),
  at_ms bigint not null,
  actor text not null,
  action text not null check (action in ('opened', 'merged', 'split', 'closed', 'dissolved')),
  text text,
  alerts uuid[] not null
);
create index incident_entry_of on incident_entry (incident_id, seq);
alter table alert add column incident uuid;
create index alert_of_incident on alert (incident) where incident is not null;

-- A grant may be bound to an incident as to an alert: `alert_id` names either, and whoever holds grants in memory hears
-- of its end.
create function note_closed_incident() returns trigger language plpgsql as $$
begin
  if exists (select from access_grant where alert_id = new.id and ended_at_ms is null) then
    perform note_change('grants', '');
  end if;
  return null;
end $$;
create trigger followed_closing after update of state on incident
  for each row when (new.state = 'closed' and old.state <> 'closed') execute function note_closed_incident();
