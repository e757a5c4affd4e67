-- Who pulls a camera: one gateway at a time. Times are those of the database's clock. A camera that nobody pulls has no row.
create table camera_lease (
  device text primary key,
  -- The gateway: one data directory of one machine.
  node text not null,
  -- Raised by each acquisition; who was overtaken sees it by this.
  epoch bigint not null,
  until timestamptz not null
);
create sequence camera_lease_epoch;
