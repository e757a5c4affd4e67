import { GoneRules } from '../../../alerts/desk/gone-rules.ts';
import type { AlertLog, Committed } from '../../../alerts/desk/log.ts';
import type { AskedPlaces } from '../../../alerts/desk/places.ts';
import { RULE_BUDGET, RuleBudget, type RuleBudgetDeps } from '../../../alerts/rules/budget.ts';
import type { Ages } from '../../../alerts/rules/devices-port.ts';
import { type DevicesPort, RulesEngine } from '../../../alerts/rules/engine.ts';
import { keptInForce } from '../../../alerts/rules/kept/rule-versions.ts';
import type { PlateBox } from '../../../alerts/rules/plates.ts';
import type { RuleBook } from '../../../alerts/rules/rule-book.ts';
import { watchRules } from '../../../alerts/rules/rule-watch.ts';
import type { Rule } from '../../../alerts/rules/rules.ts';
import { RULES_SAVE_MS, RulesReader } from '../../../alerts/rules/rules-reader.ts';
import type { WatchedPlates } from '../../../alerts/watchlists/matching/watched-plates.ts';
import { type Clock, DAY_S } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Observer } from '../../../core/observe.ts';
import type { IncarnationOf } from '../../../core/receipt.ts';
import { slotOf } from '../../../core/slots.ts';
import type { DeviceKind } from '../../../core/types.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import type { DatabaseShares } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import type { WorkDesk } from '../../../platform/work/work.ts';

export interface RuleSurroundings {
  shares: DatabaseShares;
  clock: Clock;
  observer: Observer;
  log: AlertLog;
  devices: Pick<Directory, 'get' | 'topmost' | 'maintained'>;
  ownership: Ownership;
  work: WorkDesk;
  kinds: Pick<Kinds, 'latest'>;
  zones: Pick<DevicesPort, 'boundsOfZones'>;
  /** Offset behind the newest durable message of the live lane. */
  head(): number;
  isClockKnown(): boolean;
  incarnationOf: IncarnationOf;
}

interface RuleParts {
  book: RuleBook;
  watched: Pick<WatchedPlates, 'load' | 'match'>;
  plates: PlateBox;
  committed(committed: Committed): void;
  places: AskedPlaces;
  /** Says whether a rule raises a flood. */
  floods: RuleBudgetDeps['said'];
}

/** What judges by the rules, and what takes over rules that change. Starts nothing. */
export function composeRules(deps: RuleSurroundings, { book, watched, plates, committed, places, floods }: RuleParts) {
  const { clock, observer, log, devices, head, isClockKnown, incarnationOf, ownership } = deps;
  const { alerts: database } = deps.shares;
  const engine = new RulesEngine(book.current(), watched, devicesOfRules(devices, deps.kinds, deps.zones));
  const budget = new RuleBudget({ clock, log: observer.log, said: floods }, RULE_BUDGET);
  const reader = new RulesReader({
    database,
    clock,
    observer,
    engine,
    plates,
    places,
    head,
    isClockKnown,
    incarnationOf,
    // What is no device has no parent.
    slotOf: (subject) => slotOf(devices.topmost(subject)),
    ownership,
    work: deps.work,
    committed,
    raised: (rule) => budget.raised(rule),
    saveMs: RULES_SAVE_MS,
  });
  const gone = new GoneRules({ database, clock, log, committed }, namesOf(book.current()));
  const apply = async (rules: readonly Rule[]): Promise<void> => {
    await reader.replace(rules);
    await gone.replace(namesOf(rules));
  };
  const kept = () => keptInForce(database);
  const ruleWatch = watchRules({ book, clock, observer, kept, apply });
  const takeKept = async (): Promise<void> => {
    const { issues } = await book.takeKept(kept, apply);
    // Told with what is wrong in files, by the log and by /readyz.
    if (issues.length > 0) ruleWatch.again();
  };
  return {
    reader,
    budget,
    gone,
    ruleWatch,
    /** Puts in force what people keep by the API; what fails is tried again at the next look at the files. */
    async ruleKept(): Promise<void> {
      await takeKept().catch((error: unknown) => {
        observer.log.warn({ part: 'rules', error: messageOf(error) }, 'a rule of the API waits to be taken over');
        ruleWatch.again();
      });
    },
    /** Loads rules and watchlists, and ends what is active of rules that went while the gateway was down. */
    async load(): Promise<void> {
      await takeKept();
      await watched.load();
      await gone.end();
    },
  };
}

/** What rules ask of the registry. */
export function devicesOfRules(
  devices: Pick<Directory, 'get' | 'topmost'>,
  kinds: Pick<Kinds, 'latest'>,
  zones: Pick<DevicesPort, 'boundsOfZones'>,
): DevicesPort {
  return {
    isRetired: (id) => devices.get(id)?.state === 'retired',
    parentOf: (id) => devices.get(id)?.parent ?? null,
    topmost: (id) => devices.topmost(id),
    placeOf: (id) => devices.get(id)?.place ?? null,
    boundsOfZones: (name) => zones.boundsOfZones(name),
    labelsOf: (id) => devices.get(id)?.labels,
    agesOf: (kind) => agesOf(kinds.latest(kind)),
  };
}

/** How long what a device of this kind raised is believed. */
function agesOf(kind: DeviceKind | undefined): Ages | null {
  if (!kind) return null;
  return { silenceS: kind.raised?.silenceS ?? kind.staleAfterS, unendedS: kind.raised?.unendedS ?? DAY_S };
}

function namesOf(rules: readonly Rule[]): string[] {
  return rules.map(({ rule }) => rule);
}
