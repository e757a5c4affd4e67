-- Why the condition is what it is, where the rule did not say so: 'device-retired' of an alert that went stale.
ALTER TABLE alert ADD COLUMN condition_reason text;
CREATE INDEX alert_of_device ON alert (device) WHERE handling <> 'closed';
