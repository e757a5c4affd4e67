import type { AlertActions } from '../alerts/desk/actions.ts';
import type { AlertFeed } from '../alerts/desk/feed.ts';
import type { AlertQueries } from '../alerts/desk/queries.ts';
import type { EvidenceDesk } from '../alerts/evidence/evidence.ts';
import type { EvidenceLooks } from '../alerts/evidence/looks.ts';
import type { Subscriptions } from '../alerts/route/subscriptions.ts';
import type { AlertPlates } from '../alerts/rules/plates.ts';
import type { Rule } from '../alerts/rules/rules.ts';
import type { Sink } from '../alerts/sinks/sink.ts';
import type { Watchlists } from '../alerts/watchlists/watchlists.ts';

/** What the alert routes need of the alert side. */
export interface AlertParts {
  /** The rules in force. */
  rules(): readonly Rule[];
  queries: Pick<AlertQueries, 'get' | 'list' | 'events' | 'openCounts' | 'ofCamera'>;
  feed: Pick<AlertFeed, 'epoch' | 'head' | 'newest' | 'next'>;
  evidence: Pick<EvidenceDesk, 'shown'>;
  /** Registers the look itself: nothing is shown before. */
  plates: Pick<AlertPlates, 'show'>;
  watchlists: Pick<Watchlists, 'create' | 'list' | 'remove'>;
  actions: Pick<AlertActions, 'ack' | 'assign' | 'comment' | 'close'>;
  subscriptions: Pick<Subscriptions, 'create' | 'list' | 'takeOver' | 'remove' | 'deadLetters' | 'redrive' | 'test'>;
  /** By type; what a subscription may say of its target. */
  sinks: ReadonlyMap<string, Pick<Sink, 'type' | 'schema'>>;
  looks: Pick<EvidenceLooks, 'add'>;
}
