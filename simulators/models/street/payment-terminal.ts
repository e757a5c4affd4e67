import { chance, momentsOf, type Span, within } from '../chance.ts';
import { areaUntil, levelAt, PEOPLE } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';

const HOUR_MS = 3_600_000;
const JAMS_PER_DAY = 0.3;

/** Its counter begins again at a million, a roll of paper lasts for some days. */
function readTerminal(being: Being, atMs: number): Values[] {
  const perHour = 20 + 60 * chance(being.seed, 'busy');
  const payments = Math.floor(areaUntil(PEOPLE, atMs) * perHour);
  const roll = 3_000 + 2_000 * chance(being.seed, 'roll');
  return [
    {
      ...healthOf(being, atMs),
      up: true,
      tamper: troubleAt(being, 'tamper', atMs) !== null,
      paper_pct: within(100 - (100 * (payments % roll)) / roll, 0, 100),
      reader_ok: true,
      payments: payments % 1_000_000,
      unsent: Math.floor(3 * levelAt(PEOPLE, atMs) * chance(being.seed, 'unsent', Math.floor(atMs / 60_000))),
    },
  ];
}

function happensAtTerminal(being: Being, span: Span): Happening[] {
  const odds = { slotMs: HOUR_MS, oddsAt: (atMs: number) => (JAMS_PER_DAY / 24) * 2 * levelAt(PEOPLE, atMs) };
  return [
    ...momentsOf(being.seed, 'jam', { span, ...odds }).map((atMs) => ({ atMs, type: 'jam', data: { part: 'paper' } })),
    ...beginning(being, 'tamper', span).map(({ fromMs }) => ({
      atMs: fromMs,
      type: 'tamper',
      data: { sensor: 'case' },
    })),
  ];
}

export const paymentTerminal: Model = {
  kind: 'payment-terminal',
  periodS: 300,
  firmware: ['6.2.1', '6.2.2', '7.0.0'],
  troubles: ['tamper'],
  read: readTerminal,
  happen: happensAtTerminal,
};
