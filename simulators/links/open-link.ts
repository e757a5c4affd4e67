import { HttpLink } from './http-link.ts';
import type { Link, LinkOptions } from './link.ts';
import { MqttLink } from './mqtt-link.ts';

/** A link of the protocol that a device speaks; it does nothing until it is opened. */
export function makeLink(options: LinkOptions): Link {
  return options.speech.protocol === 'http' ? new HttpLink(options) : new MqttLink(options);
}
