-- Checks of many devices as one job. Its rows are made with it, each with its verdict once it was checked, so that it
-- goes on at what is left whenever its process dies.
create table check_job (
  id text primary key,
  -- Who began it, and with which rights what was heard of devices is read.
  caller jsonb not null,
  -- The area that is checked; whoever sees all of it sees the job.
  jurisdiction text not null,
  state text not null check (state in ('running', 'done', 'cancelled')),
  total integer not null,
  created_at_ms bigint not null,
  ended_at_ms bigint
);

create index check_job_by_time on check_job (created_at_ms, id);

create table check_row (
  job text not null references check_job (id) on delete cascade,
  -- In this order devices are checked: devices of one subnet stand apart from each other.
  number integer not null,
  device text not null,
  -- Null until it was checked.
  grade text check (grade in ('ok', 'warning', 'failed')),
  -- The steps as they are shown, never a picture.
  steps jsonb,
  unit jsonb,
  took_ms integer,
  at_ms bigint,
  primary key (job, number)
);

create index check_row_waiting on check_row (job, number) where grade is null;
