import { connect, type Socket } from 'node:net';
import { TOKENS } from '../api/api.ts';
import type { Owner } from '../services/services.ts';
import { until } from '../time/until.ts';

export interface Sent {
  id: string;
  event: string;
  data: { alert?: { id: string; device: string; data: Record<string, unknown> } };
}

/** A reader of the stream of alerts that can be told to take nothing more. */
export class EventReader {
  readonly socket: Socket;
  readonly events: Sent[] = [];
  ended = false;
  head = '';
  /** What came since the last whole event. */
  #rest = '';

  constructor(t: Owner, port: number, { lastId = '', token = TOKENS.viewer as string, query = '' } = {}) {
    this.socket = connect(port, '127.0.0.1');
    t.teardown(() => void this.socket.destroy());
    const head = [`GET /api/v1/alerts/stream${query} HTTP/1.1`, 'host: x', `authorization: Bearer ${token}`];
    this.socket.write([...head, ...(lastId ? [`last-event-id: ${lastId}`] : []), '', ''].join('\r\n'));
    this.socket.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.socket.on('close', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {});
  }

  /** One that was greeted: it hears of all that happens from now on. */
  static async greeted(t: Owner, port: number, token: string, query = ''): Promise<EventReader> {
    const reader = new EventReader(t, port, { token, query });
    await until('a reader is greeted', () => reader.events.length > 0);
    return reader;
  }

  get devices(): string[] {
    return this.events.flatMap(({ event, data }) => (event === 'alert.opened' ? [data.alert?.device ?? ''] : []));
  }

  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  #take(chunk: string): void {
    this.#rest += chunk;
    if (this.head === '') {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 2);
    }
    const end = this.#rest.lastIndexOf('\n\n') + 2;
    if (end < 2) return;
    const whole = this.#rest.slice(0, end).replaceAll(/\r\n[0-9a-f]+\r\n/g, '');
    this.#rest = this.#rest.slice(end);
    for (const [, id = '', event = '', data = ''] of whole.matchAll(/id: (\S+)\nevent: (\S+)\ndata: (.*)\n\n/g)) {
      this.events.push({ id, event, data: JSON.parse(data) as Sent['data'] });
    }
  }
}
