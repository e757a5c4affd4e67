-- When an agency of the police was there and what followed it, as of departments (0241). Days as text, 2018-04-16; it ends
-- on the day `valid_to`. An agency without a row is there as far as we look.
create table if not exists police_agency_days (
  code text primary key,
  valid_from text,
  valid_to text,
  successor text check (successor <> code)
);

-- What stands in the place of an agency today in China: itself, what followed it, or nothing.
create or replace function police_now(asked text) returns text language plpgsql stable as $$
declare
  today text := to_char(now() at time zone 'Asia/Shanghai', 'YYYY-MM-DD');
  code_now text := asked;
  days police_agency_days%rowtype;
begin
  -- Longer chains are mistakes.
  for step in 1 .. 16 loop
    select * into days from police_agency_days where code = code_now and valid_to <= today;
    exit when not found;
    code_now := days.successor;
  end loop;
  return code_now;
end $$;

-- A position belongs to what stands today, whatever it is registered, moved or set to. Called behind `police_of_…` (0243).
create or replace function police_that_stands() returns trigger language plpgsql as $$
begin
  new.police_found := police_now(new.police_found);
  new.police_set := police_now(new.police_set);
  return new;
end $$;
create or replace trigger police_that_stands before insert or update on position
  for each row execute function police_that_stands();
