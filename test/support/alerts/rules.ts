import { RulesEngine } from '../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../src/alerts/rules/rules.ts';
import { RulesReader, type RulesReaderDeps } from '../../../src/alerts/rules/rules-reader.ts';
import { slotOf } from '../../../src/core/slots.ts';
import { LEFT_TO_CLAIMS } from '../../../src/platform/work/work.ts';
import { incarnationOf } from '../ingest/journal.ts';
import { firstOwner } from '../services/ownership.ts';
import { PLATES } from './alert-desk.ts';
import { ALL_THERE, kindCatalogue } from './alerts.ts';

export const KIOSK_FIRE = `
rule: kiosk-fire
version: 1
title: { en: Fire, zh: 起火 }
severity: extreme
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: smoke, equals: true }] }
`;

/** Where findings go, such as an alert desk, and up to where the journal has been read. */
type Around = Pick<RulesReaderDeps, 'database' | 'clock' | 'observer' | 'committed' | 'head'> &
  Partial<Pick<RulesReaderDeps, 'isClockKnown' | 'saveMs' | 'work' | 'places'>>;

/** A reader that judges by these rules, in a city whose devices are all there and have no watchlist. */
export function rulesReader(texts: string[], around: Around): RulesReader {
  const rules = texts.map((text) => {
    const parsed = parseRule(text, kindCatalogue);
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    return parsed.rule;
  });
  const { database, clock, observer, committed, head } = around;
  const { isClockKnown = () => true, saveMs = 1_000, work = LEFT_TO_CLAIMS, places } = around;
  return new RulesReader({
    slotOf,
    ownership: firstOwner(),
    plates: PLATES,
    ...(places ? { places } : {}),
    incarnationOf,
    engine: new RulesEngine(rules, { match: () => [] }, ALL_THERE),
    database,
    clock,
    observer,
    raised: () => {},
    committed,
    work,
    head,
    isClockKnown,
    saveMs,
  });
}
