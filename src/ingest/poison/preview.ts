import type { DeviceKind, Lane, NewMessage } from '../../core/types.ts';
import type { Decoded } from '../decode/decode.ts';
import { Decoder, putAside } from '../decode/decoder.ts';
import type { CrashGuard } from './crash-guard.ts';

export interface PreviewDeps {
  kinds: { at(kind: string, version: number): DeviceKind | undefined };
  guard: Pick<CrashGuard, 'asked'>;
}

/** Says at the door what decoding will make of a message that is not in the journal yet. */
export class Preview {
  readonly #deps: PreviewDeps;
  readonly #decoder = new Decoder();

  constructor(deps: PreviewDeps) {
    this.#deps = deps;
  }

  /** Never throws; bytes that the process died of are refused and not looked at again. */
  of(message: NewMessage, lane: Lane): Decoded {
    const { kinds, guard } = this.#deps;
    const kind = kinds.at(message.device.kind, message.device.kindVersion);
    const unplaced = { ...message, lane, incarnation: '', offset: 0, endOffset: 0 };
    return guard.asked(message.raw, () => this.#decoder.decode(unplaced, kind)) ?? putAside();
  }
}
