import { CitywatchError } from '../../core/errors.ts';
import type { Point } from '../../core/registry/geometry.ts';
import type { Caller } from '../../core/types.ts';
import type { AlertView } from '../desk/alert.ts';
import type { AlertQueries } from '../desk/queries.ts';
import { OF_POLICE_DESK } from '../rules/classes.ts';
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
const OPEN = { limit: FEED_MAX, order: 'urgency', open: true, wanted: OF_POLICE_DESK } as const;

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

  /**
   * An Atom feed of the open alerts of the police desk that are told, and of drills; `base`: address of this API, such
   * as `https://host/api/v1`.
   */
  async feed(caller: Caller, base: string): Promise<string> {
    const open = await this.#told(caller);
    const newest = open.map(({ lastAt }) => lastAt).toSorted();
    return xmlOf('feed', ATOM, [
      ['id', `${base}/alerts/cap`],
      ['title', 'citywatch 警情 Alerts'],
      ['updated', capTime(newest.at(-1) ?? EPOCH)],
      ['author', [['name', this.#deps.voice.sender]]],
      ...open.map((alert): Element => ['entry', entryOf(alert, base)]),
    ]);
  }

  /** As the stream tells them: what a person, a silence or another alert holds back stands nowhere else either. */
  async #told(caller: Caller): Promise<AlertView[]> {
    const [real, drills] = await Promise.all(
      (['normal', 'test'] as const).map((visibility) => this.#deps.queries.list(caller, { ...OPEN, visibility })),
    );
    return [...real!.items, ...drills!.items.filter(({ exercise }) => exercise)].slice(0, FEED_MAX);
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
