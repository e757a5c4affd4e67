import { CitywatchError } from '../core/errors.ts';
import { covers, type Place } from '../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../core/types.ts';
import type { AccessRegister } from '../platform/records/access-register.ts';
import type { ImageType } from './image-file.ts';
import type { KeptImage } from './image-table.ts';
import type { Images } from './images.ts';

export interface ShownImagesDeps {
  images: Pick<Images, 'keep' | 'find' | 'read'>;
  register: Pick<AccessRegister, 'add'>;
  /** Where a device stands now; undefined for one that is not known any more. */
  placeOf(device: DeviceId): Place | undefined;
}

/** A look at a picture of a device. */
export interface ImageLook {
  caller: Caller;
  image: KeptImage;
  purpose: string;
  case: string | null;
}

/** Pictures as devices send them and people may see them: rights are decided by where the device stands now. */
export class ShownImages {
  readonly #deps: ShownImagesDeps;

  constructor(deps: ShownImagesDeps) {
    this.#deps = deps;
  }

  /** Resolves once the picture is durable. Errors: `images.unavailable`, `store.unavailable`. */
  keep(device: DeviceIdentity, type: ImageType, bytes: Buffer): Promise<{ id: string; isNew: boolean }> {
    return this.#deps.images.keep(device, type, bytes);
  }

  /** The picture, where its device is the caller's to see. Errors: `not-found`, alike for foreign and absent ones. */
  async find(caller: Caller, id: string): Promise<KeptImage> {
    const image = await this.#deps.images.find(id);
    if (!image || !covers(caller, this.#placeOf(image))) throw new CitywatchError('not-found');
    return image;
  }

  /** Errors: `not-found` when the bytes are gone, `images.unavailable` when their disk is. */
  read(image: KeptImage): Promise<Buffer> {
    return this.#deps.images.read(image);
  }

  /** Writes the access-register row of a look; nothing is shown before it resolved. */
  async registerLook({ caller, image, purpose, case: caseNumber }: ImageLook): Promise<void> {
    await this.#deps.register.add({
      viewer: caller,
      act: 'image',
      device: image.device,
      jurisdiction: this.#placeOf(image).jurisdiction,
      purpose,
      case: caseNumber,
    });
  }

  /** As for everything of a device; a device that is gone stands where it stood when it sent the picture. */
  #placeOf({ device, jurisdiction }: KeptImage): Place {
    return this.#deps.placeOf(device) ?? { jurisdiction };
  }
}
