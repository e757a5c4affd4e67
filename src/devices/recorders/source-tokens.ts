import { clean, type Item } from '../onvif/notifications.ts';
import type { OnvifProfile } from '../onvif/profiles.ts';

const TOKEN_MAX_CHARACTERS = 64;

/**
 * The video sources of a recorder by the tokens that its events may name: that of the source, or that of its
 * configuration (ONVIF core specification §9.4; imaging topics name the first, rules the second).
 */
export class SourceTokens {
  readonly #sources: ReadonlySet<string>;
  readonly #configurations: ReadonlyMap<string, string>;

  constructor(profiles: readonly Pick<OnvifProfile, 'source' | 'configuration'>[]) {
    const named = profiles.filter(({ source }) => source !== '');
    this.#sources = new Set(named.map(({ source }) => source));
    this.#configurations = new Map(named.map(({ source, configuration }) => [configuration, source]));
  }

  /**
   * The source that an event's item names; null where the recorder tells no such source. What one recorder calls its
   * first configuration may be its second source, so the name of the item says which is meant first.
   */
  sourceOf([name, value]: Item): string | null {
    const token = clean(value, TOKEN_MAX_CHARACTERS);
    const asSource = this.#sources.has(token) ? token : undefined;
    const asConfiguration = token === '' ? undefined : this.#configurations.get(token);
    const isConfiguration = /configuration/i.test(name);
    return (isConfiguration ? (asConfiguration ?? asSource) : (asSource ?? asConfiguration)) ?? null;
  }
}
