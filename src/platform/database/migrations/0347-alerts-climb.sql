-- How far up an alert was told that nobody took (0 station, 1 county, 2 city), and when it is told further up; null where it
-- is not. Alerts that are open begin with their next change.
alter table alert add column level smallint not null default 0 check (level between 0 and 2);
alter table alert add column climbs_at_ms bigint;
create index alert_climbs on alert (climbs_at_ms) where climbs_at_ms is not null;

-- From which level on a subscription is told.
alter table subscription add column level smallint not null default 0 check (level between 0 and 2);
