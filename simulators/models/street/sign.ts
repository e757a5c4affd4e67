import { chance, type Span, within } from '../chance.ts';
import { sunAt } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

/** A new text each half hour, by schedule. */
const TEXT_MS = 1_800_000;

function textAt(being: Being, atMs: number): string {
  const text = Math.floor(chance(being.seed, 'text', Math.floor(atMs / TEXT_MS)) * 2 ** 32);
  return `t${text.toString(16).padStart(8, '0')}`;
}

function readSign(being: Being, atMs: number, world: World): Values[] {
  return [
    {
      ...healthOf(being, atMs),
      lit: true,
      brightness_pct: within(25 + 75 * sunAt(atMs), 0, 100),
      text_hash: textAt(being, atMs),
      ordered_hash: textAt(being, atMs),
      pixels_failed: Math.floor(30 * chance(being.seed, 'pixels') ** 4),
      temp_c: within(temperatureAt(world, atMs) + 12 + 8 * sunAt(atMs), -60, 125),
    },
  ];
}

function happensAtSign(being: Being, span: Span): Happening[] {
  const changed: Happening[] = [];
  for (let slot = Math.floor(span.fromMs / TEXT_MS) + 1; slot * TEXT_MS <= span.toMs; slot += 1) {
    const atMs = slot * TEXT_MS;
    changed.push({ atMs, type: 'text_changed', data: { text_hash: textAt(being, atMs), by: 'schedule' } });
  }
  const faults = beginning(being, 'fault', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'fault', data: { code: 'E07' } };
  });
  return [...changed, ...faults];
}

export const sign: Model = {
  kind: 'sign',
  periodS: 60,
  firmware: ['1.9', '2.0'],
  troubles: ['fault'],
  read: readSign,
  happen: happensAtSign,
};
