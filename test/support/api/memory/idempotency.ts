import type { ApiDeps } from '../../../../src/api/deps.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { KeptAnswer, KeyedRequest } from '../../../../src/platform/records/idempotency.ts';

/** Remembers answers for as long as the test lasts. */
export class MemoryIdempotency {
  readonly #kept = new Map<string, { request: KeyedRequest; answer: KeptAnswer | null }>();

  async begin(request: KeyedRequest) {
    const place = `${request.caller} ${request.key}`;
    const before = this.#kept.get(place);
    if (!before) {
      this.#kept.set(place, { request, answer: null });
      return null;
    }
    const same = before.request.route === request.route && before.request.bodyHash === request.bodyHash;
    if (!same) throw new CitywatchError('idempotency.mismatch');
    if (!before.answer) throw new CitywatchError('idempotency.running');
    return before.answer;
  }

  async finish(request: KeyedRequest, answer: KeptAnswer) {
    this.#kept.set(`${request.caller} ${request.key}`, { request, answer });
  }

  async abandon(request: KeyedRequest) {
    this.#kept.delete(`${request.caller} ${request.key}`);
  }
}

/** What the ground gives to the API. */
export function memoryGround(): Pick<ApiDeps, 'idempotency' | 'room' | 'queueBoard' | 'setApart'> {
  return {
    idempotency: new MemoryIdempotency(),
    room: { forEdits: async () => {} },
    queueBoard: { get: async () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('') }) },
    setApart: async () => [],
  };
}
