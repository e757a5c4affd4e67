-- Hits are few among the alerts, and those of a list are asked for by the plate of it that was seen.
create index alert_hit on alert ((data ->> 'entry')) where data ? 'wanted_plate';
