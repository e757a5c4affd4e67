/** One server-sent event. */
export interface ServerEvent {
  name: string;
  data: string;
}

/** Longest event that is taken; a server that sends more is not ours. */
const EVENT_CHARS_MAX = 1024 * 1024;

/**
 * Reads server-sent events out of text that comes in any pieces. The browser's own reader is not used because it hides
 * comments, by which the server shows that it is alive, and the status of an answer that is not a stream.
 */
export class EventReader {
  /** The last `id` of a whole event: where to go on. */
  lastId = '';
  #rest = '';
  #name = '';
  #data: string[] = [];
  #id: string | null = null;

  /** The events that are complete with this piece. */
  read(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#rest + piece;
    // A carriage return at the end may be half of a line end.
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + text.slice(whole.length);
    if (this.#rest.length > EVENT_CHARS_MAX) throw new Error('event too long');
    for (const line of lines) {
      const event = line === '' ? this.#finish() : this.#field(line);
      if (event) events.push(event);
    }
    return events;
  }

  #field(line: string): null {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#name = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    return null;
  }

  #finish(): ServerEvent | null {
    const event = { name: this.#name || 'message', data: this.#data.join('\n') };
    const isEvent = this.#data.length > 0;
    if (this.#id !== null) this.lastId = this.#id;
    this.#name = '';
    this.#data = [];
    this.#id = null;
    return isEvent ? event : null;
  }
}
