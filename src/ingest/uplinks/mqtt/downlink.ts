import type { Connection } from './connection.ts';

/** The way to the devices that are connected to our own listener. */
export class DeviceDownlink {
  readonly acknowledgedBy = 'device';
  readonly #sessions: ReadonlyMap<string, Connection>;

  constructor(sessions: ReadonlyMap<string, Connection>) {
    this.#sessions = sessions;
  }

  /** Whether the device has a connection, whatever it listens to. */
  connected(device: string): boolean {
    return this.#sessions.has(device);
  }

  /** Names the connection on which the device listens to its commands; null when it does not. */
  session(device: string): string | null {
    const session = this.#sessions.get(device)?.session;
    return session?.listens ? session.connectionName : null;
  }

  /**
   * Sends one command now. True once the device has acknowledged it; false when it is not connected and subscribed,
   * already has too many unanswered, or does not acknowledge within the deadline.
   */
  send(device: string, payload: Buffer): Promise<boolean> {
    return this.#sessions.get(device)?.session?.command(payload) ?? Promise.resolve(false);
  }
}
