import { between, chance, type Span, wander, within } from '../chance.ts';
import { isNight } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, traitOf, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const CHANNELS = 32;

function readRecorder(being: Being, atMs: number, world: World): Values[] {
  const total = traitOf(being, 'channels', CHANNELS);
  const isLost = (ch: number): boolean => chance(being.seed, 'lost', ch) < 0.02;
  const channels = Array.from({ length: total }, (_, at): Values => {
    const ch = at + 1;
    const kbps = 3_600 * (isNight(atMs) ? 0.6 : 1) * (1 + 0.1 * wander(being.seed, `kbps-${ch}`, atMs, 60_000));
    return { ch, ch_recording: !isLost(ch), ch_bitrate_kbps: within(isLost(ch) ? 0 : kbps, 0, 200_000, 0) };
  });
  const online = channels.filter(({ ch_recording }) => ch_recording === true).length;
  const box: Values = {
    ...healthOf(being, atMs),
    channels_total: total,
    channels_online: online,
    storage_used_pct: within(94 + 3 * wander(being.seed, 'storage', atMs, 86_400_000), 0, 100, 2),
    oldest_h: within(between(24 * 31, 24 * 45, chance(being.seed, 'oldest')), 0, 100_000),
    disks_failed: 0,
    temp_c: within(Math.max(24, temperatureAt(world, atMs) + 12), -60, 125),
    clock_skew_s: within(0.4 * wander(being.seed, 'skew', atMs, 3_600_000), -10, 10, 2),
  };
  return [box, ...channels];
}

function happensAtRecorder(being: Being, span: Span): Happening[] {
  return beginning(being, 'fault', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'disk_fault', data: { disk: 2, reason: 'SMART' } };
  });
}

export const recorder: Model = {
  kind: 'recorder',
  periodS: 60,
  firmware: ['4.30.1', '4.31.0'],
  troubles: ['fault'],
  read: readRecorder,
  happen: happensAtRecorder,
};
