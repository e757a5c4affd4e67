import { until } from '../time/until.ts';
import type { Gateway } from './gateway.ts';

/** What a gateway is started with whose {@link liveMb} is asked for. */
export const WATCHED = '--inspect=127.0.0.1:0';

interface HeapUsage {
  usedSize: number;
  /** Bytes of buffers, which lie beside the heap. */
  backingStorageSize: number;
}

/**
 * What lives in the memory of a gateway's own thread, in MB: objects, and bytes of buffers. It is counted after a
 * collection of everything that nobody holds, so that what grows is held; resident memory says nothing of either.
 */
export async function liveMb({ output }: Gateway): Promise<number> {
  const socket = new WebSocket(/Debugger listening on (ws:\S+)/.exec(output)?.[1] ?? '');
  const answers: { id: number; result: unknown }[] = [];
  socket.addEventListener('message', ({ data }) => answers.push(JSON.parse(data)));
  await until('the inspector', () => socket.readyState === WebSocket.OPEN);
  let id = 0;
  const ask = async (method: string): Promise<unknown> => {
    id += 1;
    socket.send(JSON.stringify({ id, method }));
    return (await until(method, () => answers.find((answer) => answer.id === id))).result;
  };
  // What is freed with the first one, such as what a buffer belonged to, is collected by the second.
  for (let time = 1; time <= 2; time += 1) await ask('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = (await ask('Runtime.getHeapUsage')) as HeapUsage;
  socket.close();
  return (usedSize + backingStorageSize) / 1e6;
}
