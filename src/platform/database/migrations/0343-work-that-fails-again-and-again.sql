-- How often in a row the handler of this work threw, since when, and what; 0 and null once it did not.
ALTER TABLE work_item ADD COLUMN failures integer NOT NULL DEFAULT 0;
ALTER TABLE work_item ADD COLUMN failing_since_ms bigint;
ALTER TABLE work_item ADD COLUMN failed_by text;
-- What is set apart is few, and looked for among very much.
CREATE INDEX work_item_set_apart ON work_item (failing_since_ms) WHERE failures >= 12;
