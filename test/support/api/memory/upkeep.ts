import type { UpkeepPort } from '../../../../src/api/ports.ts';

const NUMBER = { min: 0, max: 100 };
const PICTURE: Awaited<ReturnType<UpkeepPort['picture']>> = {
  source: 'source',
  settings: { brightness: 50, contrast: 50, saturation: 50, sharpness: 50, irCut: 'auto', wdr: null },
  ranges: {
    brightness: NUMBER,
    contrast: NUMBER,
    saturation: NUMBER,
    sharpness: NUMBER,
    irCut: ['on', 'off', 'auto'],
    wdr: { modes: [], level: null },
  },
};
const TIME: Awaited<ReturnType<UpkeepPort['time']>> = {
  follows: 'ntp',
  skewMs: 0,
  zone: 'CST-8',
  daylightSavings: false,
  ntp: { fromDhcp: true, servers: [] },
};

/** Cameras that take everything and keep nothing. */
export function memoryUpkeep(): UpkeepPort {
  return {
    picture: async () => PICTURE,
    setPicture: async () => PICTURE,
    time: async () => TIME,
    setTime: async () => TIME,
    setServers: async () => TIME,
    network: async () => ({ hostname: null, interfaces: [], gateways: [], dns: [], protocols: [] }),
    restart: async () => ({ quietUntilMs: null }),
  };
}
