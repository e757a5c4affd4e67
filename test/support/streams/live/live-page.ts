import { bearer } from '../../api/api.ts';
import { until } from '../../time/until.ts';

/** The connection of a page for live video, and what came by it. */
export interface LivePage {
  socket: WebSocket;
  news: { type: string; channel: number; [field: string]: unknown }[];
  videos: Buffer[];
  closed: { code: number }[];
}

/** Opens one; resolves when it is open or was refused. */
export async function openPage(url: string, token: string, headers: Record<string, string> = {}): Promise<LivePage> {
  const options = { headers: { ...bearer(token), ...headers } } as unknown as string[];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, options);
  socket.binaryType = 'arraybuffer';
  const page: LivePage = { socket, news: [], videos: [], closed: [] };
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') page.news.push(JSON.parse(data));
    else page.videos.push(Buffer.from(data as ArrayBuffer));
  });
  socket.addEventListener('close', ({ code }) => page.closed.push({ code }));
  socket.addEventListener('error', () => {});
  await until('it is open or refused', () => socket.readyState !== WebSocket.CONNECTING);
  return page;
}
