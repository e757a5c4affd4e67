-- The desk asks for the newest alert of a key, closed or not, with every finding.
CREATE INDEX alert_by_key ON alert (dedup_key, first_at_ms DESC, committed_at_ms DESC);
