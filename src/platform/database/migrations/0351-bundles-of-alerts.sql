-- An export may hold what belongs to one alert in the place of recordings.
-- {alert, jurisdiction, plates, folder, files: [{path, bytes}], sights: [{camera, jurisdiction, police, granted}]};
-- null of recordings. `folder`, `files` and `sights` are empty before it is ready.
alter table recording_export add column if not exists bundle jsonb;
