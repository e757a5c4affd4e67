import type { ServerResponse } from 'node:http';

/** A signal that is aborted when the answer is over, however it ends, or by one of `ends`; `ended` is called once. */
export function untilEnd(response: ServerResponse, ends: readonly AbortSignal[], ended: () => void): AbortSignal {
  const over = new AbortController();
  const stop = () => over.abort();
  for (const each of ends) each.addEventListener('abort', stop, { once: true });
  let isOpen = true;
  const leave = () => {
    if (!isOpen) return;
    isOpen = false;
    for (const each of ends) each.removeEventListener('abort', stop);
    ended();
    stop();
  };
  // A client that hangs up never finishes.
  response.once('finish', leave).once('close', leave);
  return over.signal;
}
