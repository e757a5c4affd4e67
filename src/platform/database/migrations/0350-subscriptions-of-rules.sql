-- Who is told of some rules alone, such as another department; null: of all.
alter table subscription add column rules text[];
