import { chance, momentsOf, type Span, wander, within } from '../chance.ts';
import { isNight, levelAt, PEOPLE } from '../day.ts';
import { type Being, beginning, type Happening, type Model, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const SLOT_MS = 60_000;
const MOTION_PER_HOUR = 8;
const MOTION_MS = 6_000;
const ACTIVE: Values = { active: true, source: 'V_SRC_000' };

/** What a camera says of itself over MQTT or HTTP. One with ONVIF and a picture is `simulators/camera`. */
function readCamera(being: Being, atMs: number, world: World): Values[] {
  const isHevc = chance(being.seed, 'codec') < 0.6;
  return [
    {
      online: true,
      rtt_ms: within(6 + 4 * wander(being.seed, 'rtt', atMs, 60_000), 0, 60_000),
      fps: 25,
      bitrate_kbps: within((isHevc ? 2_400 : 4_000) * (isNight(atMs) ? 0.6 : 1), 0, 200_000, 0),
      codec: isHevc ? 'h265' : 'h264',
      width_px: 1_920,
      height_px: 1_080,
      storage_used_pct: within(70 + 15 * chance(being.seed, 'card'), 0, 100),
      temp_c: within(temperatureAt(world, atMs) + 17, -60, 125),
      clock_skew_s: within(0.3 * wander(being.seed, 'skew', atMs, 3_600_000), -10, 10, 2),
      uptime_s: Math.floor((atMs / 1_000 + 1e6 * chance(being.seed, 'up')) % 2_000_000),
    },
  ];
}

function happensAtCamera(being: Being, span: Span): Happening[] {
  const oddsAt = (atMs: number): number => (MOTION_PER_HOUR / 60) * levelAt(PEOPLE, atMs);
  const begun = momentsOf(being.seed, 'motion', { span, slotMs: SLOT_MS, oddsAt });
  const earlier = { fromMs: span.fromMs - MOTION_MS, toMs: span.toMs - MOTION_MS };
  const over = momentsOf(being.seed, 'motion', { span: earlier, slotMs: SLOT_MS, oddsAt });
  return [
    ...begun.map((atMs) => ({ atMs, type: 'motion', data: ACTIVE })),
    ...over.map((atMs) => ({ atMs: atMs + MOTION_MS, type: 'motion', data: { ...ACTIVE, active: false } })),
    ...beginning(being, 'tamper', span).map(({ fromMs }) => ({
      atMs: fromMs,
      type: 'tamper',
      data: { active: true, cause: 'covered' },
    })),
  ];
}

export const camera: Model = {
  kind: 'camera',
  periodS: 60,
  firmware: ['5.5.82', '5.7.3'],
  troubles: ['tamper'],
  read: readCamera,
  happen: happensAtCamera,
};
