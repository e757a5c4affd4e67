-- Secrets of webhooks are sealed by the vault as well: a database that has some was used with that key.
insert into cluster_key (name) select 'vault' where exists (select from subscription)
  on conflict (name) do nothing;
