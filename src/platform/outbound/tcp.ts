import { isIP, connect as openSocket, type Socket } from 'node:net';
import { type Clock, DeadlineExceeded, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { OutboundFailure } from './failure.ts';
import { type LookupAddress, machineNames } from './names.ts';
import { type Cidr, Networks } from './networks.ts';

export interface TcpTarget {
  /** An IP address without brackets, or a name; never one of the short, octal or hexadecimal spellings. */
  host: string;
  port: number;
  /** The only addresses that may be contacted. */
  networks: readonly Cidr[];
  /** The setting a refusal names. */
  setting: string;
  /** What is looked for there, for a refusal; a camera when absent. */
  what?: string;
  /** For name look-up and connecting together. */
  deadlineMs: number;
  signal?: AbortSignal;
  /**
   * Takes what comes, in the place of `data` events, as a copy: Node gives each event of a socket 64 KiB of its own,
   * and collecting these costs more than a stream of small packets itself.
   */
  onBytes?: (bytes: Buffer) => void;
}

/** What sockets read into, one after the other. */
const READ_BYTES = 64 * 1024;
const read = Buffer.allocUnsafeSlow(READ_BYTES);

export interface TcpOutboundDeps {
  clock: Clock;
  /** Name look-up; that of cameras unless a test brings one. */
  lookup?: (host: string) => Promise<LookupAddress[]>;
}

/**
 * Opens TCP connections to cameras and mail servers. A name is resolved once, and the socket goes to the very address
 * that was checked.
 * Fails with `outbound.refused` (not allowed, nothing was sent) or `outbound.failed` (cause {@link OutboundFailure}).
 */
export class TcpOutbound {
  readonly #deps: TcpOutboundDeps;

  constructor(deps: TcpOutboundDeps) {
    this.#deps = deps;
  }

  async connect(target: TcpTarget): Promise<Socket> {
    const limit = deadline(this.#deps.clock, target.deadlineMs, target.signal);
    try {
      const address = await orAborted(this.#allowedAddress(target), limit.signal);
      return await open({ ...target, host: address }, limit.signal);
    } catch (error) {
      if (error instanceof CitywatchError) throw error;
      const failure = classify(error, limit.signal);
      throw new CitywatchError('outbound.failed', { detail: `${name(target)}: ${failure.message}.`, cause: failure });
    } finally {
      limit.cancel();
    }
  }

  #addresses(host: string): Promise<LookupAddress[]> {
    return this.#deps.lookup ? this.#deps.lookup(host) : machineNames.cameras.addresses(host);
  }

  async #allowedAddress(target: TcpTarget): Promise<string> {
    const { host } = target;
    if (isIP(host) === 0 && endsInNumber(host)) throw refused(target);
    const networks = new Networks(target.networks);
    const found = isIP(host) !== 0 ? [{ address: host }] : await this.#addresses(host);
    const allowed = found.find(({ address }) => networks.has(address));
    if (!allowed) throw refused(target);
    return allowed.address;
  }
}

/** Names that look-ups take for an IPv4 address in another spelling: `127.1`, `0x7f.1`, `2130706433`. */
function endsInNumber(host: string): boolean {
  const last = host.replace(/\.$/, '').split('.').at(-1) ?? '';
  return /^(\d+|0x[0-9a-f]*)$/i.test(last);
}

function open({ host, port, onBytes }: TcpTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const callback = (bytes: number): boolean => {
      onBytes?.(Buffer.from(read.subarray(0, bytes)));
      return true;
    };
    const socket = openSocket({ host, port, noDelay: true, ...(onBytes && { onread: { buffer: read, callback } }) });
    const end = (error: unknown) => {
      socket.destroy();
      reject(error);
    };
    const aborted = () => end(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('error', end);
    socket.once('connect', () => {
      signal.removeEventListener('abort', aborted);
      socket.off('error', end);
      resolve(socket);
    });
  });
}

function classify(error: unknown, signal: AbortSignal): OutboundFailure {
  if (signal.aborted) return new OutboundFailure(signal.reason instanceof DeadlineExceeded ? 'timeout' : 'aborted');
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new OutboundFailure('dns', code);
  if (code === 'ETIMEDOUT') return new OutboundFailure('timeout', code);
  return new OutboundFailure('unreachable', code ?? null);
}

function name({ host, port }: TcpTarget): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function refused(target: TcpTarget): CitywatchError {
  const remedy = `add its network to ${target.setting} if it is ${target.what ?? 'a camera'}`;
  return new CitywatchError('outbound.refused', { detail: `${name(target)} may not be contacted: ${remedy}.` });
}
