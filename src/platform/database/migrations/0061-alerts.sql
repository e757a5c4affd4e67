-- What the rules decided. A row exists before its message counts as judged (P3).
CREATE TABLE finding (
  id text PRIMARY KEY,
  dedup_key text NOT NULL,
  rule text NOT NULL,
  rule_version integer NOT NULL,
  severity text NOT NULL CHECK (severity IN ('extreme', 'severe', 'moderate', 'minor')),
  subject text NOT NULL,
  jurisdiction text NOT NULL,
  scope text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('fired', 'cleared')),
  lane text NOT NULL,
  journal_offset bigint NOT NULL,
  device_at_ms bigint,
  received_at_ms bigint NOT NULL,
  decided_at_ms bigint NOT NULL,
  data jsonb NOT NULL,
  -- Set by the desk in the transaction that took the finding into an alert.
  alert_id uuid,
  handled_at_ms bigint,
  seq bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX finding_unhandled ON finding (dedup_key, seq) WHERE handled_at_ms IS NULL;
CREATE INDEX finding_alert ON finding (alert_id);

CREATE TABLE rule_state (
  device text PRIMARY KEY,
  kind text NOT NULL,
  jurisdiction text NOT NULL,
  states jsonb NOT NULL
);

-- Where the reader "rules" stands, per lane; saved with the states it belongs to.
CREATE TABLE rule_cursor (
  lane text PRIMARY KEY,
  journal_offset bigint NOT NULL
);

CREATE TABLE alert (
  id uuid PRIMARY KEY,
  dedup_key text NOT NULL,
  rule text NOT NULL,
  rule_version integer NOT NULL,
  title jsonb NOT NULL,
  severity text NOT NULL CHECK (severity IN ('extreme', 'severe', 'moderate', 'minor')),
  condition text NOT NULL CHECK (condition IN ('active', 'recovering', 'cleared', 'stale')),
  handling text NOT NULL CHECK (handling IN ('new', 'acked', 'assigned', 'in_progress', 'closed')),
  visibility text NOT NULL CHECK (visibility IN ('normal', 'silenced', 'inhibited', 'shelved', 'test')),
  verdict text,
  device text NOT NULL,
  device_name text NOT NULL,
  jurisdiction text NOT NULL,
  lat double precision,
  lon double precision,
  first_at_ms bigint NOT NULL,
  last_at_ms bigint NOT NULL,
  occurrences integer NOT NULL,
  device_at_ms bigint,
  received_at_ms bigint NOT NULL,
  decided_at_ms bigint NOT NULL,
  committed_at_ms bigint NOT NULL,
  data jsonb NOT NULL,
  evidence jsonb NOT NULL DEFAULT '[]',
  comments jsonb NOT NULL DEFAULT '[]',
  acked_by text,
  acked_by_id text,
  acked_at_ms bigint,
  assigned_to text,
  closed_by text,
  closed_at_ms bigint,
  previous_id uuid,
  receipt text NOT NULL,
  version integer NOT NULL
);
-- At most one alert per key is not closed: a second one cannot be opened, whatever is delivered twice.
CREATE UNIQUE INDEX alert_open ON alert (dedup_key) WHERE handling <> 'closed';
CREATE INDEX alert_by_time ON alert (first_at_ms DESC, id);
CREATE INDEX alert_by_place ON alert (jurisdiction text_pattern_ops, first_at_ms DESC);

-- Append-only. `seq` grows in commit order: its writers hold one advisory lock until they commit.
CREATE TABLE alert_event (
  seq bigint PRIMARY KEY,
  id uuid NOT NULL,
  alert_id uuid NOT NULL,
  type text NOT NULL,
  at_ms bigint NOT NULL,
  actor text NOT NULL,
  jurisdiction text NOT NULL,
  severity text NOT NULL,
  body jsonb NOT NULL
);
CREATE INDEX alert_event_of ON alert_event (alert_id, seq);

-- One row: the last number given out, and the name of this log, which cursors carry.
CREATE TABLE alert_log_head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  seq bigint NOT NULL DEFAULT 0
);
INSERT INTO alert_log_head DEFAULT VALUES;

CREATE FUNCTION alert_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the alert log is append-only';
END $$;
CREATE TRIGGER alert_event_append_only BEFORE UPDATE OR DELETE ON alert_event
  FOR EACH ROW EXECUTE FUNCTION alert_event_refuse();
CREATE TRIGGER alert_event_keep BEFORE TRUNCATE ON alert_event
  FOR EACH STATEMENT EXECUTE FUNCTION alert_event_refuse();

CREATE TABLE subscription (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  url text NOT NULL,
  jurisdiction text NOT NULL,
  severities text[] NOT NULL,
  -- Sealed by the vault; the older of two live secrets last.
  secrets jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'disabled', 'removed')),
  state_reason text,
  created_by text NOT NULL,
  created_at_ms bigint NOT NULL,
  version integer NOT NULL DEFAULT 1
);

-- The outbox: one row per subscription and log entry. delivered + dead + waiting + withheld = raised (P3).
CREATE TABLE delivery (
  webhook_id text PRIMARY KEY,
  subscription_id uuid NOT NULL REFERENCES subscription (id),
  alert_id uuid NOT NULL,
  seq bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'withheld')),
  attempts integer NOT NULL DEFAULT 0,
  created_at_ms bigint NOT NULL,
  settled_at_ms bigint,
  last_status integer,
  last_error text
);
CREATE INDEX delivery_waiting ON delivery (subscription_id, alert_id, seq) WHERE state = 'waiting';
CREATE INDEX delivery_dead ON delivery (subscription_id, seq) WHERE state = 'dead';
CREATE INDEX delivery_by_subscription ON delivery (subscription_id, state);

CREATE TABLE watchlist (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  jurisdiction text NOT NULL,
  reason text NOT NULL,
  case_number text NOT NULL,
  created_by text NOT NULL,
  created_at_ms bigint NOT NULL,
  removed_at_ms bigint
);
CREATE TABLE watchlist_entry (
  id uuid PRIMARY KEY,
  watchlist_id uuid NOT NULL REFERENCES watchlist (id),
  -- HMAC of the plate: the list can be compared, not read.
  plate_hash text NOT NULL,
  plate_masked text NOT NULL,
  reason text NOT NULL,
  valid_until_ms bigint NOT NULL,
  removed_at_ms bigint
);
CREATE INDEX watchlist_entry_plate ON watchlist_entry (plate_hash) WHERE removed_at_ms IS NULL;
