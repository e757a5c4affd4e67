import { chance, type Span, wander, within } from '../chance.ts';
import type { Being, Happening, Model, Values } from '../model.ts';

const LIFE_MS = 30 * 86_400_000;

function bornAt(being: Being, atMs: number): number {
  const phaseMs = Math.floor(chance(being.seed, 'phase') * LIFE_MS);
  return Math.floor((atMs - phaseMs) / LIFE_MS) * LIFE_MS + phaseMs;
}

/** A gateway below another one that tells how it is. */
function readGateway(being: Being, atMs: number): Values[] {
  return [
    {
      uptime_s: within((atMs - bornAt(being, atMs)) / 1_000, 0, 4e9, 0),
      rss_mb: within(260 + 40 * wander(being.seed, 'rss', atMs, 3_600_000), 0, 1e6),
      ledger_difference: 0,
    },
  ];
}

function happensAtGateway(being: Being, span: Span): Happening[] {
  const bornMs = bornAt(being, span.toMs);
  return bornMs > span.fromMs ? [{ atMs: bornMs, type: 'start', data: { version: '0.1.0' } }] : [];
}

export const gateway: Model = {
  kind: 'gateway',
  periodS: 60,
  firmware: ['0.1.0'],
  read: readGateway,
  happen: happensAtGateway,
};
