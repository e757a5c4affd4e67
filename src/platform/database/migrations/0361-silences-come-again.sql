-- The windows in which a silence holds between its beginning and its end; null where it holds all the time. Between two
-- windows it is `planned`.
alter table silence add column repeats jsonb;
