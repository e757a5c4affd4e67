-- A finding that somebody made for a drill, and the alert that it became: nothing of it is real.
ALTER TABLE finding ADD COLUMN exercise boolean NOT NULL DEFAULT false;
ALTER TABLE alert ADD COLUMN exercise boolean NOT NULL DEFAULT false;
-- How others name the case that they made of an alert: number, subscription, its name, and when it was told.
ALTER TABLE alert ADD COLUMN cases jsonb NOT NULL DEFAULT '[]';
