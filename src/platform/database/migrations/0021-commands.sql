-- What devices were told to do, and what became of it. A command is open until a reply or its deadline closes it.
create table command (
  id uuid primary key,
  -- The order in which they were asked for, in which a device gets them.
  seq bigint generated always as identity,
  device text not null,
  kind text not null,
  kind_version integer not null,
  jurisdiction text not null,
  name text not null,
  args jsonb not null,
  state text not null check (state in ('queued', 'sent', 'delivered', 'answered', 'failed', 'expired')),
  caller_type text not null,
  caller_id text not null,
  caller_name text not null,
  created_at_ms bigint not null,
  deadline_at_ms bigint not null,
  -- The connection it was last sent on: on another one it is sent again. Null when it must be sent again anyhow.
  session text,
  sends integer not null default 0,
  sent_at_ms bigint,
  delivered_at_ms bigint,
  settled_at_ms bigint,
  -- The first reply, also one that came too late; JSON as text, because a device may put into it what jsonb refuses.
  reply_ok boolean,
  reply_result text,
  reply_cut boolean not null default false,
  reply_at_ms bigint,
  reply_receipt text,
  check ((settled_at_ms is null) = (state in ('queued', 'sent', 'delivered')))
);

create index command_open on command (device, seq) where settled_at_ms is null;
create index command_deadline on command (deadline_at_ms) where settled_at_ms is null;
create index command_of_device on command (device, seq desc);
create index command_settled on command (settled_at_ms) where settled_at_ms is not null;
