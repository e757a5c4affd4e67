-- Departments that answer for positions, with the days they were in force and what followed them. The files of positions
-- name one as people write it (position.owner); the names here say which is meant.
create table department (
  id text primary key,
  -- Where its names mean it; the whole country for those that we ship.
  jurisdiction text not null references jurisdiction (code),
  name_zh text not null,
  name_en text,
  -- Other names by which files call it.
  names text[] not null default '{}',
  -- Days as text, 2018-04-16; null as far as we look. It ends on the day `valid_to`.
  valid_from text,
  valid_to text,
  successor text references department (id),
  -- The row as we shipped it last: as long as it stands like that, a newer list corrects it. Null of what was added here.
  shipped jsonb
);
create trigger followed after insert or update or delete on department
  for each row execute function note_topic('departments');
