const STORE = 'citywatch.asked';
/** Requests without an answer that are remembered at once; the oldest goes first. */
const KEYS_MAX = 60;
/** The gateway remembers an answer for 24 h; a form that somebody filled in is not sent again later than that. */
const MAKING_MS = 20 * 3_600_000;
/** A deed that changes how something is may be meant again later: by then others may have changed it back. */
const DEED_MS = 10 * 60_000;
/** Collections have one or two parts; what is done with one thing of them has more. */
const COLLECTION = /^\/[^/]+(\/[^/]+)?$/;
/** What may hold a secret leaves no trace in any storage. */
const SECRET = /pass|secret|token|code|key|auth|login|credential|header|:\/\/[^/"]*@/i;

interface Asked {
  key: string;
  path: string;
  atMs: number;
}

const asked = new Map<string, Asked>(stored());

/** One thing that is to happen once however often it is sent. */
export interface Once {
  /** What the gateway knows the request again by (`Idempotency-Key`). */
  key: string;
  /** It was answered: the same content sent again is meant anew, and so is what else waited at this address. */
  settle(): void;
  /** The gateway knows the key for something else. */
  renew(): Once;
}

/**
 * The key of a request by its content: the same until there was a good answer, also over a reload, so that a second
 * press after an answer that was lost makes no second thing. `content`: all that is sent, as text.
 */
export function once(path: string, content: string): Once {
  const print = `${printOf(`${path}\n${content}`)}`;
  const nowMs = Date.now();
  const keptMs = COLLECTION.test(path.split('?')[0] ?? '') ? MAKING_MS : DEED_MS;
  const known = asked.get(print);
  const one = known && nowMs - known.atMs < keptMs ? known : { key: newKey(), path, atMs: nowMs };
  asked.delete(print);
  asked.set(print, one);
  for (const oldest of asked.keys()) if (asked.size > KEYS_MAX) asked.delete(oldest);
  if (!SECRET.test(content)) store(print);
  return {
    key: one.key,
    settle: () => {
      for (const [other, { path: of }] of asked) if (of === path) asked.delete(other);
      store();
    },
    renew: () => {
      asked.delete(print);
      return once(path, content);
    },
  };
}

/** Forgets everything, for whoever comes next to this desk. */
export function forgetAsked(): void {
  asked.clear();
  written.clear();
  store();
}

/** What may stand in storage. */
const written = new Set<string>(asked.keys());

function store(print?: string): void {
  if (print !== undefined) written.add(print);
  for (const one of written) if (!asked.has(one)) written.delete(one);
  try {
    const all = [...written].map((one) => [one, asked.get(one)]);
    if (all.length > 0) sessionStorage.setItem(STORE, JSON.stringify(all));
    else sessionStorage.removeItem(STORE);
  } catch {
    // Storage may be forbidden or full; a second press is then known as long as the page.
  }
}

function stored(): [string, Asked][] {
  try {
    const all: unknown = JSON.parse(sessionStorage.getItem(STORE) ?? '[]');
    return (Array.isArray(all) ? all : []).filter((one): one is [string, Asked] => {
      return typeof one?.[0] === 'string' && typeof one[1]?.key === 'string' && typeof one[1].atMs === 'number';
    });
  } catch {
    return [];
  }
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Two 32-bit sums of a text (FNV-1a, from two beginnings): without a secure context browsers have no better one. It
 * tells contents of one tab apart; if it ever failed, the gateway would say so, which compares the whole.
 */
function printOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let at = 0; at < text.length; at += 1) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(at), 0x85ebca6b);
  }
  return `${(a >>> 0).toString(36)}-${(b >>> 0).toString(36)}`;
}
