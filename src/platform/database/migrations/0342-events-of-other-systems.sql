-- Systems of others that report events here. `id` is chosen by people and names the subject of their alerts.
CREATE TABLE event_source (
  id text PRIMARY KEY,
  name text NOT NULL,
  jurisdiction text NOT NULL,
  -- SHA-256 of the routing key, which is 128 random bits.
  key_hash bytea NOT NULL UNIQUE,
  -- What it calls graver is taken for this.
  severity_max text NOT NULL CHECK (severity_max IN ('extreme', 'severe', 'moderate', 'minor')),
  created_by text NOT NULL,
  created_at_ms bigint NOT NULL
);

-- What a source said last of one thing.
CREATE INDEX finding_of_sources ON finding (dedup_key, seq) WHERE rule = 'outside-event';
