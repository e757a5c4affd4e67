-- When it was said that this waits from then on, by the clock of who said it; 0 of what has a time of its own, and in
-- rows of versions without it. What was noted later than it is now was noted by a clock that has been set back since,
-- and would wait for as long.
ALTER TABLE work_item ADD COLUMN noted_at_ms bigint NOT NULL DEFAULT 0;
