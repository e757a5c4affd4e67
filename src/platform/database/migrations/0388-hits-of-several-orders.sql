-- Hits that name further orders are few.
create index alert_also_hit on alert (id) where data ? 'also_entries';
