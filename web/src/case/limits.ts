/** One limit of a rule on one value. */
export interface Limit {
  field: string;
  /** Where the value is beyond it; `other`: how long, how fast, how often, which only `says` tells. */
  is: 'above' | 'below' | 'equals' | 'other';
  limit: number | string | boolean | null;
  /** What it asks for beside, as the key of a text and what is filled in. */
  says: { text: LimitText; n?: number | string; s?: number } | null;
}

export type LimitText = 'rise' | 'fall' | 'fallPct' | 'still' | 'change';

/** What a rule asks for as a whole, beside limits on values. */
export interface Asks {
  limits: Limit[];
  /** Each as the key of a text and what is filled in: seconds, a number, the name of an event. */
  also: { text: 'hold' | 'silent' | 'event' | 'times'; n?: number | string; s?: number }[];
}

type Settings = Readonly<Record<string, unknown>>;

/** What the condition of a rule says, as far as this page can put it into words; the rest is left to its title. */
export function asksOf(condition: Settings): Asks {
  const limits = [...clausesOf(condition.any), ...clausesOf(condition.while), ...ownLimits(condition)];
  const also: Asks['also'] = [];
  const hold = numberOf(condition.hold_s);
  if (hold !== null && hold > 0) also.push({ text: 'hold', s: hold });
  const silent = numberOf(condition.silent_for_s);
  if (silent !== null) also.push({ text: 'silent', s: silent });
  if (typeof condition.event === 'string') also.push({ text: 'event', n: condition.event });
  const [times, within] = [numberOf(condition.at_least), numberOf(condition.within_s)];
  if (times !== null && within !== null) also.push({ text: 'times', n: times, s: within });
  return { limits, also };
}

/** Whether a value is beyond a limit. */
export function isBeyond({ is, limit }: Limit, value: unknown): boolean {
  if (is === 'equals') return value === limit;
  if (typeof value !== 'number' || typeof limit !== 'number') return false;
  return is === 'above' ? value > limit : is === 'below' && value < limit;
}

function clausesOf(clauses: unknown): Limit[] {
  if (!Array.isArray(clauses)) return [];
  return clauses.flatMap((one: unknown): Limit[] => {
    const { field, above, below, equals } = (one ?? {}) as Settings;
    if (typeof field !== 'string') return [];
    if (typeof above === 'number') return [{ field, is: 'above', limit: above, says: null }];
    if (typeof below === 'number') return [{ field, is: 'below', limit: below, says: null }];
    if (typeof equals === 'boolean' || typeof equals === 'string') {
      return [{ field, is: 'equals', limit: equals, says: null }];
    }
    return [];
  });
}

/** Of conditions that look at one value and how it moves. */
function ownLimits({ field, type, rise, fall, fall_pct, within_s, for_s }: Settings): Limit[] {
  if (typeof field !== 'string') return [];
  const says = (text: LimitText, n: unknown, s: unknown): Limit => ({
    field,
    is: 'other',
    limit: null,
    says: { text, ...(typeof n === 'number' && { n }), ...(typeof s === 'number' && { s }) },
  });
  if (typeof rise === 'number') return [says('rise', rise, within_s)];
  if (typeof fall === 'number') return [says('fall', fall, within_s)];
  if (typeof fall_pct === 'number') return [says('fallPct', fall_pct, within_s)];
  if (typeof for_s === 'number') return [says('still', null, for_s)];
  return type === 'change' ? [says('change', null, null)] : [];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
