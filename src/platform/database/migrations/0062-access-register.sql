-- Every look at a camera and every query of plates: who, why, for which case. Written before the first byte (P7).
CREATE TABLE access_register (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at_ms bigint NOT NULL,
  viewer_type text NOT NULL,
  viewer_id text NOT NULL,
  viewer_name text NOT NULL,
  -- What was looked at: `view`, `snapshot`, `evidence`, `plates`, `register`.
  act text NOT NULL,
  -- The camera, or null for a query over many devices.
  device text,
  jurisdiction text NOT NULL,
  purpose text NOT NULL,
  case_number text
);
CREATE INDEX access_register_time ON access_register (at_ms);
CREATE INDEX access_register_device ON access_register (device, at_ms);

CREATE FUNCTION access_register_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the access register is append-only';
END $$;
CREATE TRIGGER access_register_append_only BEFORE UPDATE OR DELETE ON access_register
  FOR EACH ROW EXECUTE FUNCTION access_register_refuse();
CREATE TRIGGER access_register_keep BEFORE TRUNCATE ON access_register
  FOR EACH STATEMENT EXECUTE FUNCTION access_register_refuse();
