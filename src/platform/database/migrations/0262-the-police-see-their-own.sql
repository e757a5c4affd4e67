-- Limits somebody to what belongs to a police agency and to those below it, within the area that stands beside it; null
-- limits nothing. Agencies are never removed; whoever writes a code here has looked whether there is one.
alter table person add column if not exists police text;
alter table api_token add column if not exists police text;
alter table access_grant add column if not exists police text;
alter table subscription add column if not exists police text;
