-- Claims, cursors and findings say whose they are: the node and the epoch of its lease, or the slot and the epoch. Rows of
-- earlier versions have no node and the epoch 0, which no owner is below. Times and epochs are those of gateway_lease.
alter table work_item add column node text not null default '', add column epoch bigint not null default 0;
alter table ingest_cursor add column node text not null default '', add column epoch bigint not null default 0;
alter table rule_cursor add column node text not null default '', add column epoch bigint not null default 0;

-- Null where an earlier version wrote the row. Not checked for those that are there: a table of findings may be large.
alter table finding add column slot smallint, add column epoch bigint not null default 0;
alter table finding add constraint finding_slot check (slot between 0 and 63) not valid;
alter table rule_state add column slot smallint, add column epoch bigint not null default 0;
alter table rule_state add constraint rule_state_slot check (slot between 0 and 63) not valid;
