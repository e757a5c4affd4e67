-- Some alerts are only for some: those of a covert order for the people it names, uncertain reads of plates for whoever
-- confirms them. Ids of people and tokens, or the name of a desk; null: everybody who sees the place.
alter table finding add column seen_by text[];
alter table alert add column seen_by text[];
alter table alert_event add column seen_by text[];
create index alert_for_some on alert (severity) where seen_by is not null and handling <> 'closed';
-- The plates that the alert of an entry has masked, as they were then: for who may be told them whole.
alter table alert_event add column plates_sealed bytea;
-- Told of uncertain reads as well.
alter table subscription add column confirms boolean not null default false;
