import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';
import { Outbound } from '../../platform/outbound.ts';
import type { Config } from '../config.ts';
import { type Arguments, type Command, EXIT, prepareQuietly, UsageError } from './command.ts';
import { addressFile } from './serve.ts';

const DEADLINE_MS = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

export const token: Command = {
  name: 'token',
  summary: 'make, list and revoke tokens of the API, through the running gateway',
  usage: 'create --name TEXT --role ROLE --jurisdiction CODE [--purpose TEXT] [--expires TIME] | list | revoke ID',
  details: [
    'ROLE is admin, operator, technician or viewer; CODE a division code such as 330200; TIME is RFC 3339.',
    'Rights come from CITYWATCH_ADMIN_TOKEN, or from the token the gateway keeps in secrets/admin-token of its data',
    'directory. The address is that of the gateway on the data directory; --url names another one.',
  ],
  options: {
    name: { type: 'string' },
    role: { type: 'string' },
    jurisdiction: { type: 'string' },
    purpose: { type: 'string' },
    expires: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [action, id] = words;
    const request = requestFor(action, id, options);
    const { config, clock, observer } = prepareQuietly(terminal);
    const base = String(options.url ?? (await addressOf(config))).replace(/\/$/, '');
    const authorization = `Bearer ${await adminToken(config)}`;
    const outbound = new Outbound({ clock, observer });
    try {
      const { status, body } = await outbound.http({
        url: `${base}/api/v1${request.path}`,
        method: request.method,
        headers: { authorization, 'content-type': 'application/json', ...request.headers },
        ...(request.body && { body: JSON.stringify(request.body) }),
        deadlineMs: DEADLINE_MS,
        maxBytes: ANSWER_BYTES_MAX,
        networks: 'services',
      });
      if (status >= 300) throw refusal(status, body.toString('utf8'));
      for (const line of describe(action, body.toString('utf8'))) terminal.print(line);
      return EXIT.done;
    } finally {
      await outbound.close();
    }
  },
};

interface Request {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  body?: Record<string, unknown>;
}

function requestFor(action: string | undefined, id: string | undefined, options: Arguments['options']): Request {
  if (action === 'list') return { method: 'GET', path: '/tokens' };
  if (action === 'revoke') {
    if (!id) throw new UsageError('token revoke needs the id of a token; see citywatch token list');
    // A token never changes, so its version is always the first.
    return { method: 'DELETE', path: `/tokens/${encodeURIComponent(id)}`, headers: { 'if-match': '"1"' } };
  }
  if (action !== 'create') throw new UsageError('token needs one of create, list, revoke');
  const missing = ['name', 'role', 'jurisdiction'].filter((name) => !options[name]);
  if (missing.length > 0) throw new UsageError(`token create needs --${missing.join(', --')}`);
  const { name, role, jurisdiction, purpose, expires } = options;
  return {
    method: 'POST',
    path: '/tokens',
    body: { name, role, jurisdiction, ...(purpose && { purpose }), ...(expires && { expiresAt: expires }) },
  };
}

async function addressOf(config: Config): Promise<string> {
  const noted = await readFile(addressFile(config), 'utf8').catch(() => null);
  return noted ?? `http://${config.http.host}:${config.http.port}`;
}

async function adminToken(config: Config): Promise<string> {
  const kept =
    config.adminToken ?? (await readFile(join(config.dataDir, 'secrets', 'admin-token'), 'utf8').catch(() => null));
  if (kept) return kept.trim();
  const detail = 'No admin token is known; set CITYWATCH_ADMIN_TOKEN to the one the gateway runs with.';
  throw new CitywatchError('config.invalid', { detail });
}

/** The gateway's own words about what was wrong with the request. */
function refusal(status: number, body: string): CitywatchError {
  try {
    const problem = JSON.parse(body) as {
      detail?: string;
      title?: string;
      issues?: { path: string; message: string }[];
    };
    const issues = (problem.issues ?? []).map(({ path, message }) => `${path}: ${message}`);
    const detail = [problem.detail ?? problem.title ?? `status ${status}`, ...issues].join('; ');
    return new CitywatchError('outbound.failed', { detail: `The gateway refused: ${detail}` });
  } catch {
    return new CitywatchError('outbound.failed', { detail: `The gateway answered with status ${status}.` });
  }
}

interface ListedToken {
  id: string;
  name: string;
  role: string;
  jurisdiction: string;
  expiresAt: string | null;
  revokedAt: string | null;
}

function describe(action: string | undefined, body: string): string[] {
  if (action === 'revoke') return ['revoked'];
  const answer = JSON.parse(body) as { id: string; token: string; items: ListedToken[] };
  if (action === 'create') return [answer.token];
  return answer.items.map(({ id, name, role, jurisdiction, expiresAt, revokedAt }) => {
    const state = revokedAt ? `revoked ${revokedAt}` : expiresAt ? `until ${expiresAt}` : 'until revoked';
    return [id, role.padEnd(10), jurisdiction, state, name].join('  ');
  });
}
