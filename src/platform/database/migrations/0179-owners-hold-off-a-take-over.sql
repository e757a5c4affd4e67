-- The epoch of the lease if it is `expected`, else no row; until the transaction ends nobody can take over. Owners share
-- the advisory lock, and a take-over has it for itself (lease.ts). It must be a function, and a volatile one: each of its
-- statements sees what was committed when it begins, so the lease is read after the lock was given. A statement that
-- did both would read the lease as it was before it waited for the take-over.
create function owned_epoch(expected bigint) returns setof bigint language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock_shared(6104220310);
  return query select epoch from gateway_lease where epoch = expected;
end $$;
