-- Whether what fails in a check of a district opens a work order.
alter table check_job add column opens_orders boolean not null default false;
-- Whether a fault was told since it began is asked of closed orders too.
create index work_order_told on work_order (device, cause, last_ms) where cause is not null;
