-- A vehicle may carry several plates: 0 stands for the passage, the rows of its further plates count up from 1.
ALTER TABLE passage ADD COLUMN ordinal smallint NOT NULL DEFAULT 0;
