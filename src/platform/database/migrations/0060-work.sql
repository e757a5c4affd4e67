-- Work that must be done for a key, claimed by lease. Redis only rings; this table is the truth (design §2).
CREATE TABLE work_item (
  queue text NOT NULL,
  key text NOT NULL,
  -- Raised by every enqueue, so that work that arrives while its key is being worked on is not taken for done.
  revision bigint NOT NULL DEFAULT 1,
  priority smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 9),
  due_at_ms bigint NOT NULL,
  claimed_until_ms bigint NOT NULL DEFAULT 0,
  -- Fencing number: a worker whose lease ran out can no longer finish the work of its successor.
  fence bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, key)
);
CREATE INDEX work_item_due ON work_item (queue, priority, due_at_ms);
