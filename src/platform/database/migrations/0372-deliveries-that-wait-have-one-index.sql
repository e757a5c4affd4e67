-- A look for what waits of one alert found two indexes, and PostgreSQL took the one that does not know alerts: with
-- 500 deliveries waiting, each look read all of them. What waits stands in delivery_waiting alone.
DROP INDEX delivery_by_subscription;
CREATE INDEX delivery_ended ON delivery (subscription_id, state) WHERE state <> 'waiting';
