-- Plates whose own time is over, to be found among a million that are in force.
create index watchlist_entry_over on watchlist_entry (least(removed_at_ms, valid_until_ms))
  where least(removed_at_ms, valid_until_ms) is not null;
