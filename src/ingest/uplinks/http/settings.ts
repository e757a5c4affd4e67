import { host, port } from '../../../core/setup/setting.ts';

/** Devices send where people ask: at the listener of the API. */
export const HTTP_SETTINGS = {
  host: host(['CITYWATCH_HTTP_HOST', 'Address the API listens on.']),
  port: port(['CITYWATCH_HTTP_PORT', 'Port of the API; 0 takes any free one and prints it.'], 8080),
} as const;
