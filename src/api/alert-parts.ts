import type { AlertBulk } from '../alerts/bulk/alert-bulk.ts';
import type { CapReader } from '../alerts/cap/reader.ts';
import type { AlertCases } from '../alerts/desk/case/cases.ts';
import type { AlertFeed } from '../alerts/desk/feed.ts';
import type { AlertActions } from '../alerts/desk/life/actions.ts';
import type { OpenAlerts } from '../alerts/desk/open-alerts.ts';
import type { AlertQueries } from '../alerts/desk/queries.ts';
import type { HandOvers } from '../alerts/duty/hand-overs.ts';
import type { Roster } from '../alerts/duty/roster.ts';
import type { Shifts } from '../alerts/duty/shifts.ts';
import type { AlertBundles } from '../alerts/evidence/bundles/bundles.ts';
import type { EvidenceDesk } from '../alerts/evidence/evidence.ts';
import type { EvidenceLooks } from '../alerts/evidence/looks.ts';
import type { AlertFigures } from '../alerts/figures/figures.ts';
import type { Incidents } from '../alerts/incidents/incidents.ts';
import type { IncidentReads } from '../alerts/incidents/reads.ts';
import type { AlertReceipts } from '../alerts/receipts/receipts.ts';
import type { SubscriptionTools } from '../alerts/route/subscription-tools.ts';
import type { Subscriptions } from '../alerts/route/subscriptions.ts';
import type { AlertPlates } from '../alerts/rules/plates.ts';
import type { Rule } from '../alerts/rules/rules.ts';
import type { Drills } from '../alerts/said/drills.ts';
import type { EventSources } from '../alerts/said/event-sources.ts';
import type { OutsideEvents } from '../alerts/said/outside-events.ts';
import type { Silences } from '../alerts/silences/silences.ts';
import type { Sink } from '../alerts/sinks/sink.ts';
import type { EntryFiles } from '../alerts/watchlists/entries.ts';
import type { Hits } from '../alerts/watchlists/hits/hits.ts';
import type { PlatePermits } from '../alerts/watchlists/permits/permits.ts';
import type { WholePlates } from '../alerts/watchlists/permits/whole-plates.ts';
import type { WatchlistQueries } from '../alerts/watchlists/view.ts';
import type { Watchlists } from '../alerts/watchlists/watchlists.ts';
import type { RecordingExport } from '../streams/exports/export.ts';

/** What the alert routes need of the alert side. */
export interface AlertParts {
  /** The rules in force. */
  rules(): readonly Rule[];
  queries: Pick<
    AlertQueries,
    'get' | 'list' | 'counts' | 'stages' | 'events' | 'openCounts' | 'ownCounts' | 'ofCamera'
  >;
  open: Pick<OpenAlerts, 'ofDevices' | 'seenBy'>;
  cases: Pick<AlertCases, 'history' | 'near'>;
  feed: Pick<AlertFeed, 'epoch' | 'floor' | 'head' | 'newest' | 'next'>;
  figures: Pick<AlertFigures, 'times' | 'precision'>;
  evidence: Pick<EvidenceDesk, 'shown'>;
  /** Who asked for a bundle, or wants to take one, is asked by these. */
  bundles: Pick<AlertBundles<RecordingExport>, 'ask' | 'seen' | 'taking'>;
  /** Registers the look itself: nothing is shown before. */
  plates: Pick<AlertPlates, 'show'>;
  bulk: Pick<AlertBulk, 'preview' | 'begin' | 'get'>;
  incidents: Pick<Incidents, 'open' | 'merge' | 'split' | 'close' | 'dissolve'>;
  incidentReads: Pick<IncidentReads, 'list' | 'get' | 'history'>;
  /** Told of everybody who asks for something. */
  roster: Pick<Roster, 'now' | 'seen'>;
  shifts: Pick<Shifts, 'create' | 'list' | 'remove'>;
  handOvers: Pick<HandOvers, 'give' | 'take' | 'list' | 'get'>;
  silences: Pick<Silences, 'preview' | 'create' | 'list' | 'get' | 'end'>;
  watchlists: Pick<Watchlists, 'create' | 'step' | 'remove'>;
  lists: Pick<WatchlistQueries, 'list' | 'get' | 'entries' | 'hits'>;
  entryFiles: Pick<EntryFiles, 'add'>;
  /** Steps are the desk's: rights to the alert are decided by it. */
  hits: Pick<Hits, 'get' | 'step'>;
  permits: Pick<PlatePermits, 'give' | 'list' | 'end' | 'of' | 'holds'>;
  /** Registers the look itself. */
  whole: Pick<WholePlates, 'get' | 'list' | 'entries'>;
  actions: Pick<AlertActions, 'do'>;
  subscriptions: Pick<Subscriptions, 'create' | 'list' | 'takeOver' | 'remove' | 'deadLetters' | 'redrive'>;
  subscriptionTools: Pick<SubscriptionTools, 'test' | 'judge' | 'rotate'>;
  /** By type; what a subscription may say of its target. */
  sinks: ReadonlyMap<string, Pick<Sink, 'type' | 'schema'>>;
  looks: Pick<EvidenceLooks, 'add'>;
  cap: Pick<CapReader, 'message' | 'feed'>;
  drills: Pick<Drills, 'start'>;
  receipts: Pick<AlertReceipts, 'add' | 'verify'>;
  eventSources: Pick<EventSources, 'create' | 'list' | 'remove'>;
  outsideEvents: Pick<OutsideEvents, 'admit' | 'take'>;
}
