/** An entry of the log of one alert, as far as CAP goes by it. */
export interface CapEntry {
  /** Id of the entry: the identifier of its message. */
  id: string;
  type: string;
  /** RFC 3339. */
  at: string;
}

export interface CapPlan {
  msgType: 'Alert' | 'Update' | 'Cancel';
  /** The messages that it updates or cancels, oldest first. */
  references: readonly CapEntry[];
}

const TELLS: ReadonlySet<string> = new Set([
  'alert.opened',
  'alert.updated',
  'alert.arrived',
  'alert.escalated',
  'alert.stale',
  'alert.reopened',
]);
const ENDS: ReadonlySet<string> = new Set(['alert.cleared', 'alert.closed', 'alert.left']);
/** An alert may be updated for weeks; then the first message is named, and the newest. */
const REFERENCES_MAX = 100;

/** An entry that is a message, with what it is. */
export interface PlannedEntry {
  entry: CapEntry;
  plan: CapPlan;
}

/**
 * What the last of these entries is in CAP: the first that tells is an Alert, each after it an Update of all that still
 * count, and the end a Cancel of them, after which a new Alert begins. Null where it is no message: who takes an alert,
 * and what they write, concerns nobody outside. `entries`: of one alert, in order, as one reader was told of them.
 */
export function capPlan(entries: readonly CapEntry[]): CapPlan | null {
  const last = lastMessage(entries);
  return last && last.entry === entries.at(-1) ? last.plan : null;
}

/** The last of these entries that is a message; null where none is. */
export function lastMessage(entries: readonly CapEntry[]): PlannedEntry | null {
  let valid: CapEntry[] = [];
  let last: PlannedEntry | null = null;
  for (const entry of entries) {
    if (TELLS.has(entry.type)) {
      const isFirst = valid.length === 0;
      last = { entry, plan: { msgType: isFirst ? 'Alert' : 'Update', references: named(valid) } };
      valid.push(entry);
    } else if (ENDS.has(entry.type) && valid.length > 0) {
      last = { entry, plan: { msgType: 'Cancel', references: named(valid) } };
      valid = [];
    }
  }
  return last;
}

function named(valid: readonly CapEntry[]): readonly CapEntry[] {
  return valid.length <= REFERENCES_MAX ? [...valid] : [valid[0]!, ...valid.slice(1 - REFERENCES_MAX)];
}
