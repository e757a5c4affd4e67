import { CapEntries } from '../../../../src/alerts/cap/entries.ts';
import { CapReader } from '../../../../src/alerts/cap/reader.ts';
import { AlertCases } from '../../../../src/alerts/desk/case/cases.ts';
import type { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import type { AlertActions } from '../../../../src/alerts/desk/life/actions.ts';
import type { AlertLog, Committed } from '../../../../src/alerts/desk/log.ts';
import { OpenAlerts } from '../../../../src/alerts/desk/open-alerts.ts';
import type { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import { AlertReceipts, type Receipt } from '../../../../src/alerts/receipts/receipts.ts';
import { SubscriptionTools, type SubscriptionToolsDeps } from '../../../../src/alerts/route/subscription-tools.ts';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import { Drills } from '../../../../src/alerts/said/drills.ts';
import { EventSources } from '../../../../src/alerts/said/event-sources.ts';
import { OutsideEvents } from '../../../../src/alerts/said/outside-events.ts';
import { CAP_DEFAULTS } from '../../../../src/alerts/sinks/cap/cap.ts';
import { covers } from '../../../../src/core/jurisdiction.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import type { Database } from '../../../../src/platform/database/database.ts';
import { incarnationOf } from '../../ingest/journal.ts';
import { firstOwner } from '../../services/ownership.ts';
import { kindCatalogue } from '../alerts.ts';
import { KIOSK_FIRE } from '../rules.ts';

const OUTSIDE = `
rule: outside-event
version: 1
title: { en: Another system reports an event, zh: 外部系统上报事件 }
severity: moderate
class: incident
kinds: [recycling-kiosk]
condition: { type: gateway }
`;

export interface OthersDeps extends Omit<SubscriptionToolsDeps, 'database'> {
  database: Database<never>;
  log: AlertLog;
  committed(said: Committed): void;
  queries: AlertQueries;
  desk: AlertDesk;
  actions: AlertActions;
}

/** What people and other systems say, and how they are told and answer; every device is a kiosk of this district. */
export function partsOfOthers(of: OthersDeps, jurisdiction = '330212') {
  const { database, clock, box, sinks, log, committed, queries, desk, actions } = of;
  const rules = [KIOSK_FIRE, OUTSIDE].map((text) => {
    const parsed = parseRule(text, kindCatalogue);
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    return parsed.rule;
  });
  const position = () => ({ lane: 'live' as const, offset: 0 });
  const deps = { database, clock, desk, position, incarnationOf, ownership: firstOwner(), rules: () => rules };
  const eventSources = new EventSources({ database, clock });
  const receipts = new AlertReceipts({ database, clock, box, log, committed });
  return {
    cases: new AlertCases({ database, queries }),
    open: new OpenAlerts(database),
    drills: new Drills({
      ...deps,
      devices: {
        seenBy: (caller, id) =>
          covers(caller, jurisdiction) ? { kind: 'recycling-kiosk', jurisdiction, slot: slotOf(id) } : null,
      },
    }),
    eventSources,
    outsideEvents: new OutsideEvents({ ...deps, sources: eventSources, actions }),
    receipts,
    keepReceipt: (told: Receipt) => receipts.add(told),
    cap: new CapReader({
      queries,
      entries: new CapEntries(database),
      voice: { ...CAP_DEFAULTS, sender: 'citywatch' },
      boundsOf: () => null,
    }),
    subscriptionTools: new SubscriptionTools({ database, clock, box, sinks }),
  };
}
