-- What a camera said of itself when it was asked over ONVIF, or why it could not be asked.
CREATE TABLE camera_setup (
  device text PRIMARY KEY,
  -- Hash of the address and login that were tried: changed ones are tried again.
  attempt text NOT NULL,
  state text NOT NULL CHECK (state IN ('trying', 'done', 'failed')),
  problem text,
  hint text,
  at_ms bigint NOT NULL,
  clock_skew_ms bigint,
  profiles jsonb NOT NULL DEFAULT '[]',
  snapshot_url text
);
