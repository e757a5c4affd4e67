/** An answer that was not a success: the gateway's own code and words. */
export class GatewayError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(what: string, status: number, code: string, detail: string) {
    super(`${what}: ${status} ${code}${detail ? `: ${detail}` : ''}`);
    this.status = status;
    this.code = code;
  }
}

export interface NewDevice {
  id: string;
  kind: string;
  name: string;
  jurisdiction: string;
  location: { lat: number; lon: number };
  cameras?: string[];
  onvif?: { xaddr: string; username: string; password: string };
}

const TIMEOUT_MS = 30_000;
/** Whoever looks often looks again soon. */
const METRICS_MS = 5_000;
const TRIES_MAX = 5;

/** The gateway's public HTTP API, as far as a simulated city needs it. */
export class GatewayClient {
  readonly #base: string;
  readonly #token: string;

  constructor(base: string, token: string) {
    this.#base = base.replace(/\/$/, '');
    this.#token = token;
  }

  /** Gives a device that is there a new secret, which is answered, and a camera its new address. */
  async takeOver(device: NewDevice): Promise<string> {
    if (device.onvif) {
      const { etag } = await this.call('GET', `/devices/${device.id}`);
      await this.call('PATCH', `/devices/${device.id}`, { onvif: device.onvif }, { 'if-match': etag ?? '' });
    }
    const { body } = await this.call('POST', `/devices/${device.id}/credentials/rotate`, {});
    return (body as { secret: string }).secret;
  }

  /** One request under `/api/v1`; waits and tries again when told to (429, 503). Throws {@link GatewayError}. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ body: unknown; etag: string | null }> {
    for (let tries = 1; ; tries += 1) {
      const response = await this.#fetch(path, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.text();
      if (response.ok) return { body: text === '' ? null : JSON.parse(text), etag: response.headers.get('etag') };
      const again = (response.status === 429 || response.status === 503) && tries < TRIES_MAX;
      if (!again) throw toError(`${method} ${path}`, response.status, text);
      const waitS = Number(response.headers.get('retry-after') ?? 1);
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitS || 1, 30) * 1_000));
    }
  }

  /** The text of `/metrics`. Throws where the gateway has none, or does not show it. */
  async metrics(): Promise<string> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const response = await fetch(`${this.#base}/metrics`, { headers, signal: AbortSignal.timeout(METRICS_MS) });
    const text = await response.text();
    if (!response.ok) throw toError('GET /metrics', response.status, text);
    return text;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.#base}/api/v1${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      throw new Error(`no answer from ${this.#base} (${cause?.code ?? String(error)})`);
    }
  }
}

function toError(what: string, status: number, text: string): GatewayError {
  try {
    const { code, detail, issues } = JSON.parse(text) as { code?: string; detail?: string; issues?: unknown };
    return new GatewayError(
      what,
      status,
      code ?? 'unknown',
      [detail, issues && JSON.stringify(issues)].join(' ').trim(),
    );
  } catch {
    return new GatewayError(what, status, 'unknown', '');
  }
}
