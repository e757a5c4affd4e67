-- Alerts of one rule and district that come faster than anybody reads: the one that stands for them, and how many it stands
-- for, itself among them; 0 where it stands for none.
alter table alert add column storm uuid;
alter table alert add column storm_count integer not null default 0;
create index alert_by_storm on alert (storm) where storm is not null;
create index alert_storm_open on alert (rule) where storm_count > 0 and handling <> 'closed';
