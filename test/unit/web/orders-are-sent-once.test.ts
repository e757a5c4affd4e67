import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import type { Deed, Entry, KeptOrder, Outbox, StepTo } from '../../../web/src/orders/kept/kept.ts';
import { drop, expected, goOn } from '../../../web/src/orders/queue/decide.ts';
import { type Gateway, sendOrder } from '../../../web/src/orders/queue/send.ts';
import type { Order, OrderDetail, WholeDevice } from '../../../web/src/types.ts';

const OWNER = 'zhang';
const NUMBER = 'W-2026-1';

/** What may befall a request: it arrives; it is lost; its answer is lost; the page goes away right after it. */
type Fate = 'ok' | 'lost' | 'answer-lost' | 'killed';

class Killed extends Error {}
const NOBODY = { status: 0, code: '', says: '' };

function orderAt(state: string, version: number): OrderDetail {
  const order = { number: NUMBER, device: 'd-1', state, version, assignee: null, steps: [], photos: [], swaps: [] };
  return order as unknown as OrderDetail;
}

/** A gateway that knows a request again by its id, as ours does. */
class ModelGateway implements Gateway {
  readonly #order = { state: 'open', version: 1 };
  readonly #answers = new Map<string, object>();
  readonly done: string[] = [];
  unit = { id: 'u-1', serial: 'S-1' };
  readonly #fates: Fate[];

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates];
  }

  get state(): string {
    return this.#order.state;
  }

  /** Somebody else does something. */
  change(state: string): void {
    this.#order.state = state;
    this.#order.version += 1;
  }

  async order(): Promise<OrderDetail> {
    return await this.#answered(() => orderAt(this.#order.state, this.#order.version));
  }

  async device(): Promise<WholeDevice> {
    return await this.#answered(() => ({ unit: { ...this.unit } }) as WholeDevice);
  }

  async lastHung(): Promise<{ by: string; at: string }> {
    return { by: 'wang', at: '2026-11-20T08:00:00.000Z' };
  }

  async step(_number: string, { id, version, to, note }: Parameters<Gateway['step']>[1]): Promise<Order> {
    return await this.#once(id, () => {
      if (to !== undefined && version !== this.#order.version) throw { status: 409, code: 'conflict.state', says: '' };
      if (to !== undefined) this.change(to);
      this.done.push(to ?? `note ${note}`);
      return { ...this.#order } as unknown as Order;
    });
  }

  async photo(_number: string, { id, what }: Parameters<Gateway['photo']>[1]): Promise<void> {
    await this.#once(id, () => {
      this.done.push(`photo ${what}`);
      return {};
    });
  }

  async swap(_device: string, _path: string, { key, body }: Parameters<Gateway['swap']>[2]) {
    return await this.#once(key, () => {
      const { replaces, unit } = body as { replaces: string; unit: { serial: string } };
      if (replaces !== this.unit.id) throw { status: 409, code: 'conflict.state', says: '' };
      this.unit = { id: `u-${unit.serial}`, serial: unit.serial };
      this.done.push(`swap ${unit.serial}`);
      return { unit: { ...this.unit } as unknown as WholeDevice['unit'] };
    });
  }

  async check(): Promise<never> {
    throw NOBODY;
  }

  #once<Answer extends object>(id: string, run: () => Answer): Promise<Answer> {
    return this.#answered(() => {
      const before = this.#answers.get(id);
      if (before) return before as Answer;
      const answer = run();
      this.#answers.set(id, answer);
      return answer;
    });
  }

  async #answered<Answer>(run: () => Answer): Promise<Answer> {
    const fate = this.#fates.shift() ?? 'ok';
    if (fate === 'lost') throw NOBODY;
    const answer = run();
    if (fate === 'answer-lost') throw NOBODY;
    if (fate === 'killed') throw new Killed();
    return answer;
  }
}

/** What the device keeps; it outlives the page. */
class MemoryOutbox implements Outbox {
  readonly #entries = new Map<number, Entry>();
  #kept: KeptOrder;

  constructor(deeds: readonly Deed[]) {
    const device = { id: 'd-1', unit: { id: 'u-1', serial: 'S-1' } } as unknown as KeptOrder['device'];
    const order = orderAt('open', 1);
    this.#kept = { owner: OWNER, number: NUMBER, order, device, keptAtMs: 0, labelAtMs: null, check: null };
    for (const [seq, deed] of deeds.entries()) {
      const { version } = expected(order, [...this.#entries.values()]);
      const ready = deed.kind === 'step' ? { ...deed, version } : deed;
      const known = {
        owner: OWNER,
        order: NUMBER,
        device: 'd-1',
        madeAtMs: 0,
        state: 'waiting',
        trouble: null,
      } as const;
      this.#entries.set(seq, { ...known, seq, id: randomUUID(), deed: ready });
    }
  }

  async entries(owner: string): Promise<Entry[]> {
    return structuredClone([...this.#entries.values()]).filter((entry) => entry.owner === owner);
  }

  async put(entry: Entry): Promise<boolean> {
    const isThere = this.#entries.has(entry.seq);
    if (isThere) this.#entries.set(entry.seq, structuredClone(entry));
    return isThere;
  }

  async takeBack({ seq }: Entry): Promise<boolean> {
    return this.#entries.get(seq)?.state === 'waiting' && this.#entries.delete(seq);
  }

  async remove({ seq }: Entry): Promise<void> {
    this.#entries.delete(seq);
  }

  async bytes(): Promise<ArrayBuffer> {
    return new ArrayBuffer(1);
  }

  async order(owner: string): Promise<KeptOrder | null> {
    return owner === OWNER ? structuredClone(this.#kept) : null;
  }

  async putOrder(kept: KeptOrder): Promise<void> {
    this.#kept = structuredClone(kept);
  }
}

const fate = fc.constantFrom<Fate>('ok', 'ok', 'lost', 'answer-lost', 'killed');
const deed = fc.oneof(
  fc.constantFrom<StepTo>('taken', 'open').map((to): Deed => ({ kind: 'step', to, version: 0, note: null })),
  fc.constant<Deed>({ kind: 'photo', what: 'after', type: 'image/png', bytes: 1 }),
  fc.nat(9).map((n): Deed => ({ kind: 'note', note: String(n) })),
  fc.nat(9).map((n): Deed => {
    return { kind: 'swap', unit: { serial: `S-${n}` }, replaces: null, hung: '', named: true, reason: 'r' };
  }),
);

function doneBy(deeds: readonly Deed[]): string[] {
  return deeds.map((one) => {
    if (one.kind === 'step') return one.to;
    if (one.kind === 'note') return `note ${one.note}`;
    return one.kind === 'swap' ? `swap ${one.unit.serial}` : 'photo after';
  });
}

/** Tries until nothing waits, or its owner has to decide; a page that goes away comes back. */
async function sendAgainAndAgain(outbox: Outbox, gateway: Gateway): Promise<string> {
  for (;;) {
    const came = await sendOrder(OWNER, NUMBER, { outbox, gateway, tellSecret: () => {} }).catch((error) => {
      if (error instanceof Killed) return 'later';
      throw error;
    });
    if (came !== 'later') return came;
  }
}

t.test('whatever is lost on the way, everything is done once and in order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 8 }), fc.array(fate, { maxLength: 40 }), async (deeds, fates) => {
      const outbox = new MemoryOutbox(deeds);
      const gateway = new ModelGateway(fates);
      t.equal(await sendAgainAndAgain(outbox, gateway), 'sent');
      t.same(gateway.done, doneBy(deeds));
      t.same(await outbox.entries(OWNER), []);
    }),
    { numRuns: 300 },
  );
});

t.test('what somebody else changed stops everything until its owner has decided, one after the other', async (t) => {
  const decision = fc.constantFrom('go on', 'drop');
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { minLength: 1, maxLength: 6 }),
      fc.array(fate, { maxLength: 20 }),
      fc.array(decision, { maxLength: 8 }),
      async (deeds, fates, decisions) => {
        const outbox = new MemoryOutbox(deeds);
        const gateway = new ModelGateway(fates);
        gateway.change('cancelled');
        t.equal(await sendAgainAndAgain(outbox, gateway), 'stuck');
        t.same(gateway.done, []);
        const [first] = await outbox.entries(OWNER);
        t.match(first?.trouble, { is: 'order', seen: { state: 'open' }, current: { state: 'cancelled' } });
        let dropped = 0;
        for (const choice of [...decisions, ...deeds.map(() => 'drop')]) {
          const [entry] = await outbox.entries(OWNER);
          if (!entry?.trouble) break;
          const deciding = { outbox, uuid: randomUUID };
          if (choice === 'drop') dropped += 1;
          await (choice === 'drop' ? drop(entry, deciding) : goOn(entry, deciding));
          await sendAgainAndAgain(outbox, gateway);
        }
        t.same(await outbox.entries(OWNER), []);
        t.equal(gateway.done.length, deeds.length - dropped, 'what was dropped was not done, all else was, once');
      },
    ),
    { numRuns: 200 },
  );
});

t.test('a unit that somebody else hung up is shown, and replaced only by who has seen it', async (t) => {
  const swap: Deed = { kind: 'swap', unit: { serial: 'S-9' }, replaces: 'u-1', hung: 'S-1', named: true, reason: 'r' };
  const outbox = new MemoryOutbox([swap]);
  const gateway = new ModelGateway([]);
  gateway.unit = { id: 'u-5', serial: 'S-5' };
  t.equal(await sendAgainAndAgain(outbox, gateway), 'stuck');
  const [entry] = await outbox.entries(OWNER);
  t.match(entry?.trouble, { is: 'unit', seen: 'S-1', current: { id: 'u-5', words: 'S-5' }, by: 'wang' });
  t.same(gateway.done, []);
  await goOn(entry!, { outbox, uuid: randomUUID });
  t.equal(await sendAgainAndAgain(outbox, gateway), 'sent');
  t.same(gateway.done, ['swap S-9']);
});

t.test('what belongs to somebody else is not sent, and the end of a session stops it', async (t) => {
  const outbox = new MemoryOutbox([{ kind: 'note', note: 'mine' }]);
  const deps = { outbox, gateway: new ModelGateway([]), tellSecret: () => {} };
  t.equal(await sendOrder('li.na', NUMBER, deps), 'sent', 'nothing of hers waits');
  t.same(deps.gateway.done, []);
  const refused = (status: number, code: string) =>
    Object.assign(new ModelGateway([]), {
      step: async () => {
        throw { status, code, says: 'no' };
      },
    });
  for (const [status, code] of [
    [401, 'auth.required'],
    [403, 'auth.other-person'],
  ] as const) {
    t.equal(await sendOrder(OWNER, NUMBER, { ...deps, gateway: refused(status, code) }), 'ended', code);
  }
  for (const [status, code] of [
    [503, ''],
    [429, 'request.rate'],
    [409, 'idempotency.running'],
  ] as const) {
    t.equal(await sendOrder(OWNER, NUMBER, { ...deps, gateway: refused(status, code) }), 'later', code);
  }
  t.equal(await sendOrder(OWNER, NUMBER, { ...deps, gateway: refused(403, 'auth.forbidden') }), 'stuck');
  t.match(await outbox.entries(OWNER), [{ trouble: { is: 'refused', status: 403, says: 'no' } }]);
});
