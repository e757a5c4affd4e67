import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { CitywatchError } from '../core/errors.ts';
import { namesOfScope } from '../core/jurisdiction.ts';
import type { Caller } from '../core/types.ts';

const MAC_BYTES = 16;
const CURSOR_LENGTH_MAX = 1024;

/** What a cursor belongs to: it continues this list, with these filters, for this caller, and no other. */
export interface CursorScope {
  route: string;
  /** The query without `cursor` and `limit`. */
  filter: Record<string, unknown>;
  caller: Caller;
}

/**
 * Signs where a list goes on. A cursor that was edited, or is used on another route, with other filters or by another
 * caller (or after the caller's area changed), is refused instead of answering something that was not asked.
 */
export class PageCursors {
  readonly #key: Buffer;

  /** `key` must outlive restarts, else every open list ends with them. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  seal(scope: CursorScope, after: string): string {
    return this.sealer(scope)(after);
  }

  /** Seals many of one scope: who follows a list is given one with each entry. */
  sealer(scope: CursorScope): (after: string) => string {
    const scopeHash = hashOf(scope);
    return (after) => {
      const body = Buffer.from(after, 'utf8');
      return Buffer.concat([this.#mac(scopeHash, body), body]).toString('base64url');
    };
  }

  /** Errors: `request.cursor` for anything this server did not seal for this scope. */
  open(scope: CursorScope, cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined;
    const bytes = Buffer.from(cursor.slice(0, CURSOR_LENGTH_MAX + 1), 'base64url');
    const body = bytes.subarray(MAC_BYTES);
    const mac = bytes.subarray(0, MAC_BYTES);
    const sealed = bytes.length > MAC_BYTES && cursor.length <= CURSOR_LENGTH_MAX;
    if (!sealed || !timingSafeEqual(mac, this.#mac(hashOf(scope), body))) {
      throw new CitywatchError('request.cursor', {
        issues: [{ path: 'cursor', message: 'belongs to another list, filter or caller; start again without it' }],
      });
    }
    return body.toString('utf8');
  }

  #mac(scopeHash: Buffer, body: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(scopeHash).update(body).digest().subarray(0, MAC_BYTES);
  }
}

function hashOf({ route, filter, caller }: CursorScope): Buffer {
  const names = Object.keys(filter).filter((name) => filter[name] !== undefined);
  const question = names.sort().map((name) => [name, filter[name]]);
  const scope = JSON.stringify([route, question, caller.type, caller.id, namesOfScope(caller)]);
  return createHash('sha256').update(scope).digest();
}
