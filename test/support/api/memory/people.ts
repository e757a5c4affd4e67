import { randomUUID } from 'node:crypto';
import type { DisplayView } from '../../../../src/access/displays/displays.ts';
import type { GrantInfo } from '../../../../src/access/grants/grants.ts';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { HERE, requireHere } from '../api-parts.ts';

const SESSION_ID = 's'.repeat(43);

/** One operator with one session, who knows the password `correct horse`. */
export function memoryPeople(): Pick<
  ApiDeps,
  'people' | 'colleagues' | 'sessions' | 'account' | 'vouchers' | 'secondFactor' | 'grants'
> {
  const caller: Caller = {
    type: 'person',
    id: 'p-1',
    name: 'Li',
    role: 'operator',
    jurisdiction: HERE,
    purpose: 'routine',
  };
  const person = {
    id: randomUUID(),
    username: 'li',
    name: 'Li',
    role: 'operator' as const,
    jurisdiction: HERE,
    police: null,
    disabledAtMs: null,
    mustChange: false,
    needsCode: false,
    secondFactor: false,
    createdBy: 'admin',
    createdAtMs: 0,
    version: 1,
  };
  const session = { id: randomUUID(), caller, username: 'li', duties: [] };
  return {
    grants: memoryGrants(),
    account: { changePassword: async () => {}, sessions: async () => [], endSession: async () => {} },
    vouchers: {
      give: async ({ jurisdiction }, username) => {
        return { ...person, code: 'x', untilMs: 0, username, jurisdiction };
      },
    },
    secondFactor: {
      begin: async () => ({ uri: 'otpauth://totp/x' }),
      confirm: async () => ({ recoveryCodes: [] }),
      remove: async () => {},
    },
    colleagues: { list: async () => [], names: async () => [] },
    people: {
      create: async () => person,
      list: async () => [],
      update: async (by) => {
        requireHere(by);
        return person;
      },
    },
    sessions: {
      start: async ({ password }) => {
        if (password !== 'correct horse') throw new CitywatchError('auth.required');
        return { ...session, secret: SESSION_ID };
      },
      verify: async (id) => (id === SESSION_ID ? session : null),
      end: async () => {},
    },
  };
}

const DISPLAY_SECRET = 'd'.repeat(43);

/** The cookie of a second screen, and the address it counts from. */
export const ON_DISPLAY = { cookie: `cw_display=${DISPLAY_SECRET}`, address: '192.0.2.7' };

/** One screen, which shows `view` and is in nobody's list. */
export function memoryDisplays(view: DisplayView = 'map'): ApiDeps['displays'] {
  const caller: Caller = { type: 'token', id: 'd-1', name: 'd-1', role: 'viewer', jurisdiction: HERE, purpose: 'x' };
  const made = { id: randomUUID(), token: 'x', untilMs: 0 };
  const wall = view === 'wall' ? randomUUID() : null;
  return {
    create: async (by) => {
      requireHere(by);
      return made;
    },
    list: async () => [],
    renew: async (by) => {
      requireHere(by);
      return made;
    },
    revoke: async (by) => requireHere(by),
    begin: async () => {
      throw new CitywatchError('auth.required');
    },
    verify: async (secret, from) => {
      return secret === DISPLAY_SECRET && from === ON_DISPLAY.address ? { caller, view, wall } : null;
    },
  };
}

function memoryGrants(): ApiDeps['grants'] {
  const grant: GrantInfo = {
    id: randomUUID(),
    state: 'asked',
    holder: { type: 'token', id: 'operator', name: 'operator' },
    jurisdiction: HERE,
    police: null,
    rights: ['video.look'],
    case: 'A-1',
    alert: null,
    reason: 'theft',
    untilMs: 0,
    askedAtMs: 0,
    approvedAtMs: null,
    approvedBy: null,
    endedAtMs: null,
    endedBy: null,
  };
  const here = async (caller: Caller) => {
    requireHere(caller);
    return grant;
  };
  return {
    list: async () => ({ items: [], next: null }),
    ask: async () => grant,
    approve: here,
    end: async (caller) => void (await here(caller)),
  };
}
