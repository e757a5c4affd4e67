import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Watch } from '../../src/alerts/rules/conditions/condition.ts';
import { CONDITIONS } from '../../src/alerts/rules/conditions/conditions.ts';
import { type DevicesPort, RulesEngine } from '../../src/alerts/rules/engine.ts';
import { RuleBook } from '../../src/alerts/rules/rule-book.ts';
import { WorkDays } from '../../src/core/calendar/work-days.ts';
import { Kinds } from '../../src/devices/kinds/kinds.ts';
import { ALL_THERE } from '../support/alerts/alerts.ts';
import { KINDS_DIRECTORY } from '../support/devices/registry.ts';
import { decodeMessage } from '../support/ingest/decode.ts';
import { storedMessage } from '../support/ingest/kiosk-kind.ts';

const RULES = join(import.meta.dirname, '../../config/rules');
const FIXTURES = join(import.meta.dirname, '../fixtures/rules');

/** What a device sent, and how many seconds after the beginning. */
interface Recorded {
  at: number;
  channel: 'telemetry' | 'event' | 'state';
  payload: object;
  /** Where several devices are looked at; else one of the first kind of the rule. */
  device?: string;
  kind?: string;
  /** The same so many times, so many seconds apart. */
  repeat?: { every: number; times: number };
}

/** What was recorded of devices, and which findings the rule makes of it. */
interface Example {
  recorded: Recorded[];
  /** Seconds that pass until the end. */
  until: number;
  findings: string[];
}

interface Fixture {
  wanted?: string[];
  /** What all of its devices hang on. */
  site?: string;
  /** Where zones of the registry lie, by what they are called. */
  zones?: Record<string, [lon: number, lat: number][][]>;
  fires: Example;
  doesNotFire: Example;
}

/** Every single thing that was sent. */
function inOrder(recorded: Recorded[]): Recorded[] {
  const all = recorded.flatMap(({ repeat: { every, times } = { every: 0, times: 1 }, ...one }) =>
    Array.from({ length: times }, (_, n) => ({ ...one, at: one.at + n * every })),
  );
  return all.sort((a, b) => a.at - b.at);
}

/** A Saturday, 02:33:20 in China. */
const START_MS = 1_763_750_000_000;
const kinds = await Kinds.load(KINDS_DIRECTORY);
const book = await RuleBook.load(RULES, { kinds, conditions: CONDITIONS, workDays: WorkDays.WEEKENDS });

t.test('every rule that looks at devices has two recorded examples, and every example has a rule', async (t) => {
  const judged = book.current().filter(({ by }) => by.hears === 'devices');
  t.strictSame(readdirSync(FIXTURES).sort(), judged.map(({ rule }) => `${rule}.json`).sort());
});

t.test('every kind has a rule that tells of its devices', async (t) => {
  const looked = new Set(book.current().flatMap((rule) => rule.kinds));
  t.strictSame(
    kinds
      .all()
      .map(({ kind }) => kind)
      .filter((kind) => !looked.has(kind)),
    [],
  );
});

t.test('a rule stands in the file of its name', async (t) => {
  t.strictSame(
    readdirSync(RULES).sort(),
    book
      .current()
      .map(({ rule }) => `${rule}.yaml`)
      .sort(),
  );
});

for (const rule of book.current().filter(({ by }) => by.hears === 'devices')) {
  t.test(`${rule.rule}: fires in one of its examples, and not in the other`, async (t) => {
    const text = readFileSync(join(FIXTURES, `${rule.rule}.json`), 'utf8');
    const { wanted = [], site, zones = {}, fires, doesNotFire } = JSON.parse(text) as Fixture;
    const match: Watch['match'] = ({ plate }) =>
      wanted.includes(plate) ? [{ scope: plate, data: {}, seenBy: null }] : [];
    const watch = { match };
    const devices: DevicesPort = {
      ...ALL_THERE,
      topmost: (id) => site ?? id,
      boundsOfZones: (name) => zones[name] ?? [],
    };
    const judge = ({ recorded, until }: Example): string[] => {
      const engine = new RulesEngine([rule], watch, devices);
      const findings = inOrder(recorded).flatMap(({ at, channel, payload, device: id = 'd-1', kind: name }, offset) => {
        const kind = kinds.latest(name ?? rule.kinds[0]!)!;
        const device = { id, kind: kind.kind, kindVersion: kind.version, jurisdiction: '330203' };
        const receivedAtMs = START_MS + at * 1000;
        const raw = JSON.stringify({ ts: receivedAtMs, ...payload });
        const message = storedMessage(raw, { channel, device, receivedAtMs, offset, endOffset: offset + 1 });
        const decoded = decodeMessage(message, kind);
        t.strictSame(decoded.refusals, [], 'a recorded example fits its kind');
        return engine.judge({ message, ...decoded }, receivedAtMs);
      });
      findings.push(...engine.advanceTo(START_MS + until * 1000, 0));
      return findings.map(({ transition, receivedAtMs }) => `${transition} at ${(receivedAtMs - START_MS) / 1000}`);
    };
    t.strictSame(judge(fires), fires.findings);
    t.ok(fires.findings.some((finding) => finding.startsWith('fired')));
    t.strictSame(judge(doesNotFire), []);
    t.strictSame(doesNotFire.findings, []);
    t.ok(doesNotFire.recorded.length > 0);
  });
}
