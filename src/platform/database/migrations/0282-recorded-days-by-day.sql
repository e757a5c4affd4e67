-- How fast cameras were recorded of late is asked once a minute.
create index if not exists recording_day_of_late on recording_day (day);
