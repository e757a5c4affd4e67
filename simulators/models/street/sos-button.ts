import { chance, momentsOf, type Span } from '../chance.ts';
import { batteryOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';

const WEEK_MS = 7 * 86_400_000;

function readButton(being: Being, atMs: number): Values[] {
  return [{ ...batteryOf(being, atMs), armed: true, tamper: troubleAt(being, 'tamper', atMs) !== null }];
}

function happensAtButton(being: Being, span: Span): Happening[] {
  const calls = beginning(being, 'sos', span).map(({ fromMs }) => {
    const button = chance(being.seed, 'button') < 0.5 ? 'police' : 'help';
    return { atMs: fromMs, type: 'sos', data: { button } };
  });
  const weekly = momentsOf(being.seed, 'tested', { span, slotMs: WEEK_MS, oddsAt: () => 1 });
  return [...calls, ...weekly.map((atMs) => ({ atMs, type: 'tested', data: {} }))];
}

export const sosButton: Model = {
  kind: 'sos-button',
  periodS: 3_600,
  firmware: ['1.0', '1.1'],
  troubles: ['sos', 'tamper'],
  read: readButton,
  happen: happensAtButton,
};
