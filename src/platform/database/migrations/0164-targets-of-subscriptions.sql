-- A subscription names its sink and keeps its target by that sink's schema; `secrets` has, for each secret field of it,
-- the sealed values in use, newest first. The id of a delivery is no longer named after one of the sinks.
ALTER TABLE subscription ADD COLUMN type text, ADD COLUMN target jsonb;
UPDATE subscription
SET type = 'webhook', target = jsonb_build_object('url', url), secrets = jsonb_build_object('secret', secrets);
ALTER TABLE subscription ALTER COLUMN type SET NOT NULL, ALTER COLUMN target SET NOT NULL, DROP COLUMN url;
ALTER TABLE delivery RENAME COLUMN webhook_id TO id;
