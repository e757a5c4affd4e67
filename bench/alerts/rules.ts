import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONDITIONS } from '../../src/alerts/rules/conditions/conditions.ts';
import { RulesEngine } from '../../src/alerts/rules/engine.ts';
import { RuleBook } from '../../src/alerts/rules/rule-book.ts';
import { parseRule, type Rule } from '../../src/alerts/rules/rules.ts';
import { RULES_SAVE_MS } from '../../src/alerts/rules/rules-reader.ts';
import { WorkDays } from '../../src/core/calendar/work-days.ts';
import type { DecodedMessage, DecodedRecord } from '../../src/core/types.ts';
import { Kinds } from '../../src/devices/kinds/kinds.ts';
import { ALL_THERE } from '../../test/support/alerts/alerts.ts';
import { KINDS_DIRECTORY } from '../../test/support/devices/registry.ts';
import { decodeMessage } from '../../test/support/ingest/decode.ts';
import { storedMessage } from '../../test/support/ingest/kiosk-kind.ts';
import { ROOT } from '../../test/support/root.ts';
import { atLeast, tell } from '../support/figures.ts';
import { run, setting } from '../support/harness.ts';

/**
 * What judging a reading costs on one core, with 200 rules in force and 10,000 devices of state: those that come along,
 * and others until there are 200, over the kinds of a city in their shares. Then by how many rules there are that do
 * not concern the reading. `CITYWATCH_BENCH_MESSAGES` (default 1,000,000) readings each; decoding is no part of it.
 */
const READINGS = setting('MESSAGES', 1_000_000);
const DEVICES = setting('DEVICES', 10_000);
const RULES = 200;
const OF_A_CITY = '200 rules of a city';
const START_MS = 1_763_750_000_000;
const PERIOD_MS = 60_000;
/** A quiet city: nothing is over a limit. */
const QUIET: Record<string, object> = {
  'recycling-kiosk': { smoke: false, temp_c: 21.5, fill_pct: 40, tilt_deg: 1, mains: true, battery_pct: 98 },
  'wifi-ap': { up: true },
  vehicle: { speed_kmh: 43, class: 'bus' },
  'water-level': { level_m: 1.2 },
};
/** Of 100 devices. */
const SHARES: Record<string, number> = {
  'recycling-kiosk': 30,
  'wifi-ap': 40,
  vehicle: 15,
  'water-level': 10,
  sign: 5,
};

const kinds = await Kinds.load(KINDS_DIRECTORY);
const book = await RuleBook.load(join(ROOT, 'config/rules'), {
  kinds,
  conditions: CONDITIONS,
  workDays: WorkDays.WEEKENDS,
});
const own = book.current().filter(({ by }) => by.hears === 'devices');

function moreRules(count: number, ofKind: (index: number) => string): Rule[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = ofKind(index);
    const field = [...kinds.latest(kind)!.fields].find(([, spec]) => spec.type === 'number')![0];
    const title = '{ en: A, zh: 甲 }';
    const head = `rule: more-${index}\nversion: 1\ntitle: ${title}\nseverity: minor\nclass: fault\nkinds: [${kind}]`;
    const spec = kinds.latest(kind)!.fields.get(field) as { max: number };
    const parsed = parseRule(
      `${head}\ncondition: { type: threshold, any: [{ field: ${field}, above: ${spec.max} }] }\n`,
      kinds,
    );
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    return parsed.rule;
  });
}

/** A reading of each device as its kind's recorded example has it; what changes from round to round is its time. */
function fleet(): DecodedMessage[] {
  const order = Object.entries(SHARES).flatMap(([kind, share]) => Array.from({ length: share }, () => kind));
  const examples = new Map(
    Object.keys(SHARES).map((kind) => {
      const text = readFileSync(join(ROOT, 'test/fixtures/kinds', `${kind}.json`), 'utf8');
      const { telemetry } = JSON.parse(text) as { telemetry: { values: object } };
      return [kind, { ...telemetry.values, ...QUIET[kind] }];
    }),
  );
  return Array.from({ length: DEVICES }, (_, index) => {
    const kind = kinds.latest(order[(index * 37) % order.length]!)!;
    const device = { id: `d-${index}`, kind: kind.kind, kindVersion: kind.version, jurisdiction: '330203' };
    const raw = JSON.stringify({ ts: START_MS, values: examples.get(kind.kind) });
    const message = storedMessage(raw, { channel: 'telemetry', device, receivedAtMs: START_MS });
    const decoded = decodeMessage(message, kind);
    if (decoded.refusals.length > 0) throw new Error(JSON.stringify(decoded.refusals));
    return { message, ...decoded };
  });
}

/** The same at another time. */
function again({ message, records, refusals }: DecodedMessage, offset: number, atMs: number): DecodedMessage {
  return {
    message: { ...message, offset, endOffset: offset + 1, receivedAtMs: atMs },
    records: records.map((record) => decodedAnew(record, atMs)),
    refusals,
  };
}

/** A reading that was just decoded has values of its own. */
function decodedAnew(record: DecodedRecord, atMs: number): DecodedRecord {
  const anew = { ...record, atMs, receivedAtMs: atMs };
  if (anew.type === 'reading') anew.values = new Map(anew.values);
  return anew;
}

function measure(what: string, rules: readonly Rule[], devices: readonly DecodedMessage[]): void {
  const engine = new RulesEngine(rules, { match: () => [] }, ALL_THERE);
  const concerned = devices.reduce((sum, { message }) => {
    return sum + rules.filter((rule) => rule.kinds.includes(message.device.kind)).length;
  }, 0);
  let [findings, changed, savedMs, handing] = [0, 0, performance.now(), 0];
  // What changed is handed on to be stored as often as the rules reader does it.
  const hand = (): void => {
    const before = process.cpuUsage().user;
    changed += engine.takeChanged().length;
    handing += process.cpuUsage().user - before;
    savedMs = performance.now();
  };
  const play = (from: number, count: number, isJudged: boolean): number => {
    const before = process.cpuUsage();
    for (let n = from; n < from + count; n += 1) {
      const at =
        START_MS +
        Math.floor(n / devices.length) * PERIOD_MS +
        Math.floor(((n % devices.length) * PERIOD_MS) / devices.length);
      const one = again(devices[n % devices.length]!, n, at);
      if (!isJudged) continue;
      findings += engine.judge(one, at).length;
      if (n % 500 === 0 && performance.now() - savedMs >= RULES_SAVE_MS) hand();
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  play(0, Math.min(READINGS, 3 * devices.length), true);
  const floor = play(0, READINGS, false);
  const used = play(3 * devices.length, READINGS, true);
  hand();
  const goals = what === OF_A_CITY ? [atLeast(200_000, 'issue 13')] : [];
  tell(
    'readings are judged',
    { what, rules: rules.length },
    {
      'rules of a reading': [concerned / devices.length, 'count'],
      'readings of a core': [(READINGS * 1e6) / (used - floor), '/s', ...goals],
      'a reading': [(used - floor) / READINGS, 'CPU µs'],
      'devices handed on': [changed, 'count'],
      'a device handed on': [handing / changed, 'CPU µs'],
      findings: [findings, 'count'],
    },
  );
}

await run(async () => {
  const devices = fleet();
  const kindsOfFleet = Object.keys(SHARES);
  const others = kinds
    .all()
    .filter(
      ({ kind, fields }) => !kindsOfFleet.includes(kind) && [...fields.values()].some(({ type }) => type === 'number'),
    )
    .map(({ kind }) => kind);
  const all = [...kindsOfFleet, ...others];
  const some = moreRules(RULES - own.length, (index) => all[index % all.length]!);
  measure(OF_A_CITY, [...own, ...some], devices);
  const concerning = own.filter((rule) => rule.kinds.some((kind) => kindsOfFleet.includes(kind)));
  for (const [turn, count] of [0, 200, 2_000, 0].entries()) {
    const idle = moreRules(count, (index) => others[index % others.length]!);
    measure(`${turn + 1}: ${count} rules of other kinds beside`, [...concerning, ...idle], devices);
  }
});
