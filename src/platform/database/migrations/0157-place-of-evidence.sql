-- A picture kept with an alert says where its camera stands and whether a person named the camera for the device: who may
-- see the picture is judged by that, also after the alert moved. For older pictures the place of today stands.
update alert
set evidence = (
  select jsonb_agg(
    case when item ->> 'type' = 'picture'
      then item || jsonb_build_object(
        'jurisdiction', (select camera.jurisdiction from position camera where camera.id = item ->> 'camera'),
        'granted', exists (
          select 1 from position_camera link
          where link.position_id = alert.device and link.camera_id = item ->> 'camera'))
      else item
    end
    order by place)
  from jsonb_array_elements(evidence) with ordinality as list (item, place))
where evidence @> '[{"type": "picture"}]';
