import { addressBlock } from '../address-block.ts';

export interface NewcomerLimits {
  /** Connections of all addresses that have not yet shown who they are. */
  max: number;
  /** The same of one address (IPv6: one /64). */
  perAddressMax: number;
}

/** A socket, as far as it tells where it comes from. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  once(event: 'close', listener: () => void): unknown;
}

interface Newcomer {
  block: string;
  close(): void;
}

/**
 * Connections that have not yet shown who they are. Above a limit the oldest makes room, of its own address first: who
 * has something to say says it at once, so silent ones cannot keep others out, not even from behind the same router.
 */
export class Newcomers {
  readonly #limits: NewcomerLimits;
  /** In order of arrival, by {@link peerOf}. */
  readonly #all = new Map<string, Newcomer>();
  readonly #byBlock = new Map<string, Set<string>>();

  constructor(limits: NewcomerLimits) {
    this.#limits = limits;
  }

  /**
   * Takes one in until {@link proven} or its end; the one that has to make room is closed by its own `close`. A socket
   * in a TLS handshake and the one made of it count once: the later `close` replaces the earlier.
   */
  add(socket: Peer, close: () => void): void {
    const key = peerOf(socket);
    const block = addressBlock(socket.remoteAddress ?? '');
    socket.once('close', () => this.#remove(key));
    const ofBlock = this.#byBlock.get(block) ?? new Set();
    this.#byBlock.set(block, ofBlock);
    ofBlock.add(key);
    this.#all.set(key, { block, close });
    if (ofBlock.size > this.#limits.perAddressMax) this.#closeFirst(ofBlock);
    else if (this.#all.size > this.#limits.max) this.#closeFirst(this.#all.keys());
  }

  /** It has shown who it is. */
  proven(socket: Peer): void {
    this.#remove(peerOf(socket));
  }

  #remove(key: string): void {
    const newcomer = this.#all.get(key);
    if (!newcomer) return;
    this.#all.delete(key);
    const ofBlock = this.#byBlock.get(newcomer.block);
    ofBlock?.delete(key);
    if (ofBlock?.size === 0) this.#byBlock.delete(newcomer.block);
  }

  #closeFirst(keys: Iterable<string>): void {
    for (const key of keys) {
      const newcomer = this.#all.get(key);
      this.#remove(key);
      newcomer?.close();
      return;
    }
  }
}

/** Names a connection: the same for a TLS socket and the one below it, and no other that is open at the listener. */
export function peerOf({ remoteAddress, remotePort }: Pick<Peer, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
