-- What an alert tells of (`incident`, `fault`, `system`), and whose desk it is on (`police`, `maintenance`).
alter table finding add column if not exists class text not null default 'incident';
alter table finding add column if not exists desk text not null default 'police';
alter table alert add column if not exists class text not null default 'incident';
alter table alert add column if not exists desk text not null default 'police';

-- Those of rules that came along, as they are classed from now on; of other rules nobody knows, so they stay where
-- they are seen.
create temporary table classed on commit drop as
select rule, class, case when rule = 'camera-is-another' then 'police' else 'maintenance' end as desk
from (values
  ('camera-clock-wrong', 'fault'), ('camera-is-another', 'fault'), ('camera-offline', 'fault'),
  ('kiosk-full', 'fault'), ('picture-black', 'fault'), ('picture-blurred', 'fault'), ('picture-covered', 'fault'),
  ('picture-frozen', 'fault'), ('picture-over-exposed', 'fault'), ('picture-turned-away', 'fault'),
  ('site-dark', 'fault'), ('video-bitrate-collapsed', 'fault'), ('video-codec-unsupported', 'fault'),
  ('video-key-frames-rare', 'fault'), ('video-login-refused', 'fault'), ('video-stalled', 'fault'),
  ('ledger-difference', 'system'), ('recording-disk', 'system'), ('recordings-nearly-full', 'system'),
  ('retention-below-law', 'system')
) as given (rule, class);
update alert set class = classed.class, desk = classed.desk from classed where alert.rule = classed.rule;
update finding set class = classed.class, desk = classed.desk from classed
where finding.rule = classed.rule and finding.handled_at_ms is null;

create index if not exists alert_of_desk on alert (desk, first_at_ms desc, id desc);
create index if not exists alert_of_desk_by_urgency on alert (
  desk, (handling = 'closed'), array_position(array['extreme', 'severe', 'moderate', 'minor'], severity),
  (-first_at_ms), id
);
-- The rare ones, which are asked for by their class alone.
create index if not exists alert_by_class on alert (class, first_at_ms desc, id desc) where class <> 'incident';

-- Null: what rings the police desk. Whoever subscribed before goes on being told of everything.
alter table subscription add column if not exists classes text[];
update subscription set classes = array['incident', 'fault', 'system'];
