-- What a query of plates asked for, never with a plate itself. Null for looks at one thing, which `device` names.
ALTER TABLE access_register ADD COLUMN asked jsonb;
