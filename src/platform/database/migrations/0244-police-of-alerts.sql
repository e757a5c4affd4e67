-- The police agency that the device of an alert belonged to when the alert was opened; it stays, wherever the device goes.
alter table alert add column police text;
create index alert_by_police on alert (police, first_at_ms desc) where police is not null;
