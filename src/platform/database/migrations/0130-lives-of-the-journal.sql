-- Lives of journals that this database was used with; the offsets of each lie above those of all before it.
create table journal_life (
  -- The incarnation: 8 hex digits.
  id text primary key,
  from_live bigint not null check (from_live >= 0),
  from_bulk bigint not null check (from_bulk >= 0),
  since_at_ms bigint not null,
  -- Why it began: `begun`, or what did not fit when it was adopted.
  why text not null,
  -- Where the readers stood before they were moved to it: an older journal that comes back is read on from there.
  before jsonb not null default '[]',
  seq bigint generated always as identity
);

-- Every start of a gateway, also written down beside the journal: an older copy of either side shows by it.
create table journal_opening (
  seq bigint generated always as identity primary key,
  id text not null unique,
  at_ms bigint not null
);

-- Null: written by a version without incarnations.
alter table ingest_cursor add column incarnation text;
alter table rule_cursor add column incarnation text;

-- The ledger balances within one life; '' is given its name by the first start of this version.
alter table ingest_ledger add column incarnation text not null default '';
alter table ingest_ledger drop constraint ingest_ledger_pkey;
alter table ingest_ledger add primary key (incarnation, lane, kind, jurisdiction);

-- What a journal had taken in of a life when that life ended. A life without rows: nobody knows.
create table ingest_received (
  incarnation text not null,
  lane text not null,
  kind text not null,
  jurisdiction text not null,
  messages bigint not null,
  primary key (incarnation, lane, kind, jurisdiction)
);

-- '': received by a version without incarnations, whose receipts have none.
alter table dead_letter add column incarnation text not null default '';
alter table finding add column incarnation text not null default '';
alter table passage add column incarnation text not null default '';
