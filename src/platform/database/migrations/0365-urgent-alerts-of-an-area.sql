-- By urgency, of one desk: also of a small area a page is found in the index alone. One that orders all desks together
-- is in the way: where a desk has no urgent ones, PostgreSQL takes it and reads through all those of the other.
create index alert_urgent on alert (
  desk, (handling = 'closed'), array_position(array['extreme', 'severe', 'moderate', 'minor'], severity),
  (-first_at_ms), id, jurisdiction text_pattern_ops
);
drop index alert_by_urgency;
drop index alert_of_desk_by_urgency;
