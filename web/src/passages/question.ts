/** What is looked for and why. It stands in the history of this tab alone, with whose it is: never in an address. */
export interface Question {
  plate: string;
  purpose: string;
  case: string;
  /** Every plate as a whole. */
  whole: boolean;
}

/** Where and when: may stand in a link. */
export interface Range {
  area: string | null;
  place: string | null;
  /** Unix ms; null where nobody has said. */
  fromMs: number | null;
  toMs: number | null;
}

export const EMPTY: Question = { plate: '', purpose: '', case: '', whole: false };

const DAY_MS = 86_400_000;
export const SPAN_MAX_MS = 31 * DAY_MS;
/** How far back is looked where nobody has said from when. */
export const SPAN_MS = DAY_MS;

export function questionOf(words: string): Question {
  try {
    const said = JSON.parse(words) as Record<string, unknown>;
    const text = (name: string) => (typeof said[name] === 'string' ? (said[name] as string) : '');
    return { plate: text('plate'), purpose: text('purpose'), case: text('case'), whole: said.whole === true };
  } catch {
    return EMPTY;
  }
}

export function wordsOf(question: Question): string {
  const isEmpty = !question.whole && [question.plate, question.purpose, question.case].every((text) => text === '');
  return isEmpty ? '' : JSON.stringify(question);
}

const CODE = /^[\w-]{1,64}$/;

export function rangeOf(query: URLSearchParams): Range {
  const named = (name: string) => (CODE.test(query.get(name) ?? '') ? query.get(name) : null);
  const moment = (name: string) => {
    const ms = Date.parse(query.get(name) ?? '');
    return Number.isFinite(ms) ? ms : null;
  };
  return { area: named('area'), place: named('place'), fromMs: moment('from'), toMs: moment('to') };
}

export function queryOf({ area, place, fromMs, toMs }: Range): URLSearchParams {
  const query = new URLSearchParams();
  if (area !== null) query.set('area', area);
  if (place !== null) query.set('place', place);
  if (fromMs !== null) query.set('from', new Date(fromMs).toISOString());
  if (toMs !== null) query.set('to', new Date(toMs).toISOString());
  return query;
}

/** What the gateway is asked. */
export interface Asked {
  from: string;
  to: string;
  purpose: string;
  plate?: string;
  case?: string;
  devices?: string[];
  jurisdiction?: string;
  full?: boolean;
}

/** What is wrong with a time; null where nothing is. */
export function wrongIn({ fromMs, toMs }: Range, nowMs: number): 'long' | 'backwards' | null {
  const to = toMs ?? nowMs;
  const from = fromMs ?? to - SPAN_MS;
  if (from >= to) return 'backwards';
  return to - from > SPAN_MAX_MS ? 'long' : null;
}

export function askedOf(question: Question, { area, place, fromMs, toMs }: Range, nowMs: number): Asked {
  const to = toMs ?? nowMs;
  const [plate, named] = [question.plate.trim(), question.case.trim()];
  return {
    from: new Date(fromMs ?? to - SPAN_MS).toISOString(),
    to: new Date(to).toISOString(),
    purpose: question.purpose.trim(),
    ...(plate !== '' && { plate }),
    ...(named !== '' && { case: named }),
    ...(place !== null && { devices: [place] }),
    ...(area !== null && place === null && { jurisdiction: area }),
    ...(question.whole && { full: true }),
  };
}
