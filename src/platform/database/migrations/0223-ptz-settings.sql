-- How a camera with a moving head is to be moved.
create table ptz_setting (
  device text primary key references position (id) on delete cascade,
  -- Token of the preset to which the head returns when nobody has moved it for `idle_s`; null where it stays.
  home text,
  idle_s integer not null,
  -- Full speed of whoever moves it, as a part of the speed of the camera.
  max_speed real not null check (max_speed > 0 and max_speed <= 1)
);
