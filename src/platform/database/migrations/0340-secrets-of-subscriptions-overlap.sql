-- Until then secrets that were replaced sign too; null where none was ever replaced.
ALTER TABLE subscription ADD COLUMN previous_until_ms bigint;
