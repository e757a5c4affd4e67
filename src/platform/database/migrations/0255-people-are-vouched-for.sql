-- Where the administrators are three, a password that somebody else set is changed only together with a code that another
-- administrator gives out: who set the password does not hold it, and who gives the code does not know the password.
alter table person add column voucher_due boolean not null default false;
alter table person add column voucher_hash bytea check (length(voucher_hash) = 32);
alter table person add column voucher_until_ms bigint;
alter table person add constraint person_voucher check ((voucher_hash is null) = (voucher_until_ms is null));
