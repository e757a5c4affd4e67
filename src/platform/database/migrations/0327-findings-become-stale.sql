-- `stale`: nobody knows any more whether what was found lasts.
alter table finding drop constraint if exists finding_kind_check;
alter table finding add constraint finding_kind_check check (kind in ('fired', 'cleared', 'stale'));
