-- Whose account or token stands behind a subscription; without a row of its making nobody does.
ALTER TABLE subscription
  ADD COLUMN owner_type text,
  ADD COLUMN owner_id text,
  ADD COLUMN owner_name text;
UPDATE subscription SET owner_name = created_by;
UPDATE subscription SET owner_type = made.caller_type, owner_id = made.caller_id
  FROM audit_entry AS made
  WHERE made.action = 'subscription.create' AND made.subject = 'subscription/' || subscription.id;
ALTER TABLE subscription ALTER COLUMN owner_name SET NOT NULL;
