import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { classify, OutboundFailure } from './failure.ts';
import { type LookupAddress, machineNames } from './names.ts';
import type { Cidr } from './networks.ts';
import { TcpOutbound } from './tcp.ts';

export interface MailServer {
  host: string;
  port: number;
  /** `tls` from the first byte, `starttls` before anything is said, `none` for a server on the same machine. */
  security: 'tls' | 'starttls' | 'none';
  login: { username: string; password: string } | null;
  /** The only addresses that may be contacted. */
  networks: readonly Cidr[];
  /** The setting a refusal names. */
  setting: string;
  /** PEM of who signs its certificate; null for those that the machine trusts. */
  caFile: string | null;
}

export interface Mail {
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  /** Without angle brackets. */
  messageId: string;
  /** RFC 3339. */
  at: string;
  headers: Readonly<Record<string, string>>;
}

/** Refused by the server, with its number (RFC 5321 §4.2): 4yz may go better another time. */
export class MailRefused extends Error {
  readonly status: number;
  /** Of whoever logs in: a password that is being changed is right again soon. */
  readonly isLogin: boolean;

  constructor(status: number, isLogin: boolean) {
    super(`The mail server answered with ${status}${isLogin ? ' to the login' : ''}.`);
    this.name = 'MailRefused';
    this.status = status;
    this.isLogin = isLogin;
  }
}

export interface MailOutboundDeps {
  clock: Clock;
  /** Name look-up; that of webhooks unless a test brings one. */
  lookup?: (host: string) => Promise<LookupAddress[]>;
}

const WHAT = 'a mail server';
/** A reply has a few lines; a server that goes on is cut. */
const REPLY_BYTES_MAX = 16 * 1024;

/**
 * Hands mail to an SMTP server: one connection for each, to the address that was checked, over by the deadline however
 * slowly the server speaks. Fails with {@link MailRefused}, `outbound.refused` (not allowed, nothing was sent) or
 * `outbound.failed` (cause {@link OutboundFailure}).
 */
export class MailOutbound {
  readonly #clock: Clock;
  readonly #tcp: TcpOutbound;

  constructor({ clock, lookup = (host) => machineNames.webhooks.addresses(host) }: MailOutboundDeps) {
    this.#clock = clock;
    this.#tcp = new TcpOutbound({ clock, lookup });
  }

  /** Fails as `send` would where the server may not be contacted or is not there. Says nothing to it. */
  async check(server: MailServer, deadlineMs: number): Promise<void> {
    (await this.#tcp.connect({ ...server, what: WHAT, deadlineMs })).destroy();
  }

  async send(server: MailServer, mail: Mail, deadlineMs: number): Promise<void> {
    const limit = deadline(this.#clock, deadlineMs);
    const name = `${isIP(server.host) === 6 ? `[${server.host}]` : server.host}:${server.port}`;
    try {
      const socket = await this.#tcp.connect({ ...server, what: WHAT, deadlineMs, signal: limit.signal });
      try {
        await orAborted(this.#say(server, mail, socket), limit.signal);
      } finally {
        socket.destroy();
      }
    } catch (error) {
      if (error instanceof CitywatchError || error instanceof MailRefused) throw error;
      const failure = classify(error, limit.signal);
      throw new CitywatchError('outbound.failed', { detail: `${name}: ${failure.message}.`, cause: failure });
    } finally {
      limit.cancel();
    }
  }

  async #say(server: MailServer, mail: Mail, socket: Awaited<ReturnType<TcpOutbound['connect']>>): Promise<void> {
    const { host, port, security, login, caFile } = server;
    const ca = caFile === null ? undefined : await readFile(caFile, 'utf8');
    // Read with the first mail: most gateways send none.
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      name: 'citywatch',
      maxResponseSize: REPLY_BYTES_MAX,
      socketCloseTimeout: 0,
      tls: { ...(ca === undefined ? {} : { ca }), ...(isIP(host) === 0 ? { servername: host } : {}) },
      ...(login ? { auth: { user: login.username, pass: login.password } } : {}),
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_options: unknown, callback: (error: null, options: { connection: unknown }) => void) =>
        callback(null, { connection: socket }),
    } as Parameters<typeof createTransport>[0]);
    try {
      const { from, subject, text, headers } = mail;
      await transport.sendMail({
        from,
        to: [...mail.to],
        subject,
        text,
        messageId: `<${mail.messageId}>`,
        date: new Date(mail.at),
        headers: { ...headers },
      });
    } catch (error) {
      throw refusalIn(error) ?? error;
    } finally {
      transport.close();
    }
  }
}

function refusalIn(error: unknown): MailRefused | OutboundFailure | null {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  if (typeof responseCode === 'number') return new MailRefused(responseCode, code === 'EAUTH');
  if (code === 'ETLS') return new OutboundFailure('tls');
  return code === 'EPROTOCOL' || code === 'EENVELOPE' || code === 'EMESSAGE' ? new OutboundFailure('malformed') : null;
}
