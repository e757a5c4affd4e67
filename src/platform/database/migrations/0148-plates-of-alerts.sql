-- Alerts tell plates masked. The whole ones are beside them, encrypted by a key that the database does not have. What
-- earlier versions wrote in clear is masked here; the whole plate of these alerts is found by a search for passages.
ALTER TABLE finding ADD COLUMN plates_sealed bytea;
ALTER TABLE alert ADD COLUMN plates_sealed bytea;

-- Every text under "plate", and what looks like a plate of the mainland under any other name.
CREATE FUNCTION pg_temp.without_plates(data jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT regexp_replace((CASE WHEN jsonb_typeof(data -> 'plate') = 'string' THEN jsonb_set(data, '{plate}', (
    SELECT to_jsonb(coalesce(string_agg(
      CASE WHEN length(one) < 6 THEN '***' ELSE left(one, 2) || '***' || right(one, 2) END, '|' ORDER BY place), ''))
    FROM regexp_split_to_table(data ->> 'plate', '[|/,;，；、｜／]') WITH ORDINALITY AS part (one, place)
  )) ELSE data END)::text,
  '[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新使领][ .·•-]?[A-Za-z][ .·•-]?[A-Za-z0-9]{4,6}',
  '***', 'g')::jsonb
$$;

UPDATE finding SET data = pg_temp.without_plates(data) WHERE data <> pg_temp.without_plates(data);
UPDATE alert SET data = pg_temp.without_plates(data) WHERE data <> pg_temp.without_plates(data);
ALTER TABLE alert_event DISABLE TRIGGER alert_event_append_only;
UPDATE alert_event SET body = jsonb_set(body, '{alert,data}', pg_temp.without_plates(body #> '{alert,data}'))
  WHERE body #> '{alert,data}' <> pg_temp.without_plates(body #> '{alert,data}');
ALTER TABLE alert_event ENABLE TRIGGER alert_event_append_only;
