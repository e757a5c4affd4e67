-- A watchlist is a control order: somebody asks for it, somebody else approves it, it ends. Lists that stand were in
-- force without approval and go on until their last plate ends; those that were ended are withdrawn.
alter table watchlist
  add column state text not null default 'active'
    check (state in ('draft', 'requested', 'active', 'rejected', 'withdrawn', 'revoked', 'expired')),
  -- Ids of the only people who know of it; null: everybody of the area.
  add column named text[],
  add column from_ms bigint,
  add column until_ms bigint,
  -- Of an emergency that nobody has approved: when it ends by itself.
  add column approve_by_ms bigint,
  add column life jsonb,
  add column particulars jsonb,
  add column entries integer not null default 0,
  add column version integer not null default 1;

update watchlist set
  state = case when removed_at_ms is null then 'active' else 'withdrawn' end,
  until_ms = coalesce((select max(valid_until_ms) from watchlist_entry where watchlist_id = watchlist.id), created_at_ms),
  entries = (select count(*) from watchlist_entry where watchlist_id = watchlist.id and watchlist_entry.removed_at_ms is null),
  life = jsonb_build_object(
    'emergency', false,
    'requestedBy', jsonb_build_object('id', '', 'name', created_by),
    'requestedAtMs', created_at_ms,
    'approvedBy', null,
    'approvedAtMs', null,
    'asked', null,
    'ended', case when removed_at_ms is null then null
      else jsonb_build_object('by', null, 'reason', null, 'atMs', removed_at_ms) end);

alter table watchlist alter column state drop default, alter column until_ms set not null, alter column life set not null;

-- A plate of a colour is another car than the same text in another colour; null where nobody told.
alter table watchlist_entry add column colour text
  check (colour in ('blue', 'yellow', 'green', 'yellow-green', 'white', 'black'));
-- Null: as long as its order.
alter table watchlist_entry alter column valid_until_ms drop not null;
-- Read list by list, and asked whether a list has a plate already.
create index watchlist_entry_of on watchlist_entry (watchlist_id, plate_hash, id);
-- Plates are found in memory.
drop index watchlist_entry_plate;
