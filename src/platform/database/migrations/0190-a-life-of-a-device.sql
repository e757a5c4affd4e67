-- Where a position is in its life. 'active' said that it stands and serves, which is 'in-service' now.
alter table position drop constraint position_state_check;
update position set state = 'in-service' where state = 'active';
alter table position add constraint position_state_check
  check (state in ('planned', 'installed', 'accepted', 'in-service', 'maintenance', 'retired'));

drop index position_camera_place;
create index position_camera_place on position (lat) where state = 'in-service' and stream is not null;

-- The steps of a life after the registration, in the order of `id`: who said so, when (Unix ms) and why.
create table life_step (
  id bigint generated always as identity primary key,
  position_id text not null references position (id),
  state text not null,
  at_ms bigint not null,
  by_name text not null,
  reason text
);

create index life_step_of on life_step (position_id, id);
