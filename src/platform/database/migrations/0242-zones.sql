-- Functional zones (开发区, 科学城): nodes of the civil tree without a code of the standard. The id of a zone begins with
-- the digits of the area it lies in, so that it lies in whatever that area lies in: 330212z-kexuecheng.
alter table jurisdiction
  drop constraint jurisdiction_code_check,
  add constraint jurisdiction_code_check
    check (code ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12}|([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})z-[a-z0-9-]{1,32})$'),
  -- Of a zone: areas and zones that belong to it as well, as far as they lie in the area it lies in.
  add column members text[] not null default '{}',
  add constraint jurisdiction_members_check check (members = '{}' or code like '%z-%'),
  -- The row as we shipped it last: as long as it stands like that, a newer list corrects it. Null of what was added here.
  add column shipped jsonb;
