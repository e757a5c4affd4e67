-- The newest entry of the log when it was counted: nobody has seen what was opened behind it. Null in rows of before,
-- which took what stood when they were begun.
alter table alert_bulk add column previewed_seq bigint;
