-- Which role has which rights stands in the program (src/access/rights.ts); here stands only which roles there are.
-- 'admin' is what 'administrator' was called before, and stays as it is where it stands.
alter table api_token drop constraint api_token_role_check;
alter table api_token add constraint api_token_role_check check (role in (
  'admin', 'administrator', 'operator', 'commander', 'technician', 'integrator', 'auditor', 'approver', 'security', 'viewer'));
alter table person drop constraint person_role_check;
alter table person add constraint person_role_check check (role in (
  'admin', 'administrator', 'operator', 'commander', 'technician', 'integrator', 'auditor', 'approver', 'security', 'viewer'));
