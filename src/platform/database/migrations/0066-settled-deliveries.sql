-- Housekeeping looks for deliveries that were settled long ago. Dead letters are kept: they can be sent again.
CREATE INDEX delivery_settled ON delivery (settled_at_ms) WHERE state IN ('delivered', 'withheld');
