import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../../core/errors.ts';
import { Outbound } from '../../platform/outbound/outbound.ts';
import type { Config } from '../config/config.ts';
import { dataDirectoryIsHeld } from '../local-services/data-directory.ts';
import { type Arguments, prepareQuietly, type Terminal } from './command.ts';
import { addressFile } from './serve.ts';

const DEADLINE_MS = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** What to ask of the API of the running gateway. */
export interface GatewayRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Behind `/api/v1`. */
  path: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON, bytes as they are. */
  body?: Record<string, unknown> | Buffer;
  /** Where an answer may take longer than 10 s. */
  deadlineMs?: number;
  /** Where an answer may be larger than 1 MiB. */
  answerBytesMax?: number;
}

/** How commands that talk to the gateway find it and are let in; for their help. */
export const RIGHTS_HELP = [
  'Rights come from CITYWATCH_ADMIN_TOKEN, or from the token the gateway keeps in secrets/admin-token of its data',
  'directory. The address is that of the gateway on the data directory; --url names another one.',
];

/** Which gateway, and where it is said what goes wrong. */
export interface Where {
  terminal: Terminal;
  url: Arguments['options'][string];
}

/**
 * Asks the running gateway as its administrator; resolves with the text of a good answer. Errors: `outbound.failed`
 * with the gateway's own words, `config.invalid` where no admin token is known.
 */
export async function askGateway(request: GatewayRequest, where: Where): Promise<string> {
  return (await fetchFromGateway(request, where)).toString('utf8');
}

/** As {@link askGateway}, for answers that are files. */
export async function fetchFromGateway(request: GatewayRequest, { terminal, url }: Where): Promise<Buffer> {
  const { config, clock, observer } = prepareQuietly(terminal);
  const base = String(url ?? (await addressOf(config))).replace(/\/$/, '');
  const authorization = `Bearer ${await adminToken(config)}`;
  const outbound = new Outbound({ clock, observer });
  const { body: sent } = request;
  const isFile = Buffer.isBuffer(sent);
  try {
    const { status, body } = await outbound.http({
      url: `${base}/api/v1${request.path}`,
      method: request.method,
      headers: { authorization, ...(sent && !isFile && { 'content-type': 'application/json' }), ...request.headers },
      ...(sent && { body: isFile ? sent : JSON.stringify(sent) }),
      deadlineMs: request.deadlineMs ?? DEADLINE_MS,
      maxBytes: request.answerBytesMax ?? ANSWER_BYTES_MAX,
      networks: 'services',
    });
    if (status >= 300) throw refusal(status, body.toString('utf8'));
    return body;
  } finally {
    await outbound.close();
  }
}

async function addressOf(config: Config): Promise<string> {
  const noted = await readFile(addressFile(config), 'utf8').catch(() => null);
  if (noted === null) return `http://${config.http.host}:${config.http.port}`;
  // Of a gateway that has ended, or of the original of a copy: whoever listens there now is not meant.
  if (await dataDirectoryIsHeld(config.dataDir)) return noted;
  const detail = `No gateway runs on ${config.dataDir} now; start it, set CITYWATCH_DATA_DIR, or name one by --url.`;
  throw new CitywatchError('service.failed', { detail });
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
