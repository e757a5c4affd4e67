-- The console reads alerts open ones first, then the gravest, then the newest: the order of this index, page by page.
CREATE INDEX alert_by_urgency ON alert (
  (handling = 'closed'),
  (array_position(ARRAY['extreme', 'severe', 'moderate', 'minor'], severity)),
  (-first_at_ms),
  id
);
