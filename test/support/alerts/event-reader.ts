import { connect, type Socket } from 'node:net';
import { TOKENS } from '../api/api.ts';
import type { Owner } from '../services/services.ts';

export interface Sent {
  id: string;
  event: string;
  data: { alert?: { device: string } };
}

/** A reader of the stream of alerts that can be told to take nothing more. */
export class EventReader {
  readonly socket: Socket;
  readonly events: Sent[] = [];
  ended = false;
  #text = '';

  constructor(t: Owner, port: number, { lastId = '', token = TOKENS.viewer as string } = {}) {
    this.socket = connect(port, '127.0.0.1');
    t.teardown(() => void this.socket.destroy());
    const head = ['GET /api/v1/alerts/stream HTTP/1.1', 'host: x', `authorization: Bearer ${token}`];
    this.socket.write([...head, ...(lastId ? [`last-event-id: ${lastId}`] : []), '', ''].join('\r\n'));
    this.socket.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.socket.on('close', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {});
  }

  get devices(): string[] {
    return this.events.flatMap(({ event, data }) => (event === 'alert.opened' ? [data.alert?.device ?? ''] : []));
  }

  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  get head(): string {
    return this.#text.split('\r\n\r\n')[0] ?? '';
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const pattern = /id: (\S+)\nevent: (\S+)\ndata: (.*)\n\n/g;
    const found = [...this.#text.replaceAll(/\r\n[0-9a-f]+\r\n/g, '').matchAll(pattern)];
    for (const [, id = '', event = '', data = ''] of found.slice(this.events.length)) {
      this.events.push({ id, event, data: JSON.parse(data) as Sent['data'] });
    }
  }
}
