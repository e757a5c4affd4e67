import { CitywatchError } from '../../core/errors.ts';
import type { AnswerHeaders } from './post-lines.ts';

export interface HttpAnswer {
  status: number;
  headers: AnswerHeaders;
  body: Buffer;
}

/** How a store reaches its server: the part of the outbound client that it needs. */
export interface HttpPort {
  http(request: {
    url: string;
    method: 'GET' | 'POST' | 'PATCH';
    headers: Record<string, string>;
    body?: Buffer;
    deadlineMs: number;
    maxBytes: number;
    networks: 'services';
    signal?: AbortSignal;
  }): Promise<HttpAnswer>;
}

/** What a failure of {@link HttpPort} means to a store. */
export function fromOutbound(error: CitywatchError): CitywatchError {
  if (error.code === 'store.unavailable' || error.code === 'store.refused') return error;
  if (error.code === 'outbound.refused') {
    return new CitywatchError('store.refused', {
      detail: 'The address of INFLUX_URL may not be contacted.',
      cause: error,
    });
  }
  return new CitywatchError('store.unavailable', { detail: 'InfluxDB does not answer.', cause: error });
}
