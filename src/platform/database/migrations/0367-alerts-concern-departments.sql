-- Departments that an alert concerns, by their ids: those that its rule names, and the one that answers for its device.
-- Frozen when the alert is opened; null until its stage has looked, as of alerts of versions without it.
alter table alert add column departments text[];
-- Ids of the departments whose alerts alone a subscription is told of; null for all.
alter table subscription add column departments text[];
