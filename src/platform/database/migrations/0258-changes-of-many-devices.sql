-- A change of all devices of a list is an import whose rows come from the list: planned first, with the version of each
-- device that was seen, and carried out by whoever planned it.
alter table import_batch drop constraint if exists import_batch_state_check;
alter table import_batch add constraint import_batch_state_check
  check (state in ('planned', 'waiting', 'done', 'refused', 'undoing', 'undone'));

-- The filter and what is changed; null for a file.
alter table import_batch add column if not exists change jsonb;
