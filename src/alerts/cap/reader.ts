import { CitywatchError } from '../../core/errors.ts';
import type { Point } from '../../core/registry/geometry.ts';
import type { Caller } from '../../core/types.ts';
import type { AlertView } from '../desk/alert.ts';
import type { AlertQueries } from '../desk/queries.ts';
import { type CapVoice, capOf, capTime } from './cap.ts';
import type { CapEntries } from './entries.ts';
import { lastMessage } from './plan.ts';
import { type Element, xmlOf } from './xml.ts';

export interface CapReaderDeps {
  queries: Pick<AlertQueries, 'list'>;
  entries: Pick<CapEntries, 'of' | 'body'>;
  voice: CapVoice;
  /** Where a district lies; null where nobody has drawn it. */
  boundsOf(code: string): readonly Point[] | null;
}

const ATOM = 'http://www.w3.org/2005/Atom';
export const ATOM_TYPE = 'application/atom+xml';
/** Alerts that are open, the gravest first; who wants more follows the log. */
const FEED_MAX = 100;

/** Alerts as CAP for whoever fetches them. */
export class CapReader {
  readonly #deps: CapReaderDeps;

  constructor(deps: CapReaderDeps) {
    this.#deps = deps;
  }

  /**
   * The newest message of an alert, as far as its log is the caller's to see. Errors: `not-found` for an alert that is
   * not, and for one of which there is nothing to tell.
   */
  async message(caller: Caller, id: string): Promise<string> {
    const { entries, voice, boundsOf } = this.#deps;
    const last = lastMessage(await entries.of(caller, id));
    if (!last) throw new CitywatchError('not-found');
    const { alert } = await entries.body(id, last.entry.id);
    return capOf({ ...last, alert, bounds: boundsOf(String(alert.jurisdiction)) }, voice);
  }

  /** An Atom feed of the open alerts; `base`: address of this API, such as `https://host/api/v1`. */
  async feed(caller: Caller, base: string): Promise<string> {
    const { items } = await this.#deps.queries.list(caller, { limit: FEED_MAX, order: 'urgency' });
    const open = items.filter(({ handling }) => handling !== 'closed');
    const newest = open.map(({ lastAt }) => lastAt).toSorted();
    return xmlOf('feed', ATOM, [
      ['id', `${base}/alerts/cap`],
      ['title', 'citywatch 警情 Alerts'],
      ['updated', capTime(newest.at(-1) ?? EPOCH)],
      ['author', [['name', this.#deps.voice.sender]]],
      ...open.map((alert): Element => ['entry', entryOf(alert, base)]),
    ]);
  }
}

/** Of a feed that has never had an entry. */
const EPOCH = '1970-01-01T00:00:00Z';

function entryOf({ id, title, subject, lastAt, exercise, severity }: AlertView, base: string): Element[] {
  const drill = exercise ? '【演习 EXERCISE】' : '';
  return [
    ['id', `${base}/alerts/${id}/cap`],
    ['title', `${drill}${title.zh} ${title.en} · ${subject.name}`],
    ['updated', capTime(lastAt)],
    ['summary', severity],
    ['link', { href: `${base}/alerts/${id}/cap`, type: 'application/cap+xml' }],
  ];
}
