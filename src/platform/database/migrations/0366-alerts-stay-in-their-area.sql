-- An alert stays in the area in which it was opened. What its device tells from another one is an alert there: the same
-- key may be open in both.
drop index alert_open;
create unique index alert_open on alert (dedup_key, jurisdiction, coalesce(police, '')) where handling <> 'closed';
