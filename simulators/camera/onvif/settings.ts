/** What a technician can set on the camera, as it stands; kept while the power is off. */
export interface CameraSettings {
  /** Of a camera, or of the first channel of a recorder. */
  picture: PictureSettings;
  /** Of the other channels, by their sources. */
  others: Map<string, PictureSettings>;
  time: TimeSettings;
  ntp: { fromDhcp: boolean; servers: string[] };
}

/** In the units of the camera: numbers from 0 to 100. */
export interface PictureSettings {
  brightness: number;
  saturation: number;
  contrast: number;
  sharpness: number;
  irCut: string;
  wdrMode: string;
  wdrLevel: number;
}

export interface TimeSettings {
  type: string;
  daylightSavings: boolean;
  /** POSIX; null for a camera that tells none. */
  zone: string | null;
  /** Its clock minus ours since it was set. */
  offsetMs: number;
}

/** As it comes out of its box, in China. */
export function newSettings(): CameraSettings {
  return {
    picture: newPicture(),
    others: new Map(),
    time: { type: 'NTP', daylightSavings: false, zone: 'CST-8', offsetMs: 0 },
    ntp: { fromDhcp: false, servers: [] },
  };
}

/** How the picture of one source is set, to be changed in place. */
export function pictureOf({ picture, others }: CameraSettings, sources: readonly string[], source: string) {
  if (!sources.includes(source)) return undefined;
  if (source === sources[0]) return picture;
  const own = others.get(source) ?? newPicture();
  others.set(source, own);
  return own;
}

function newPicture(): PictureSettings {
  return { brightness: 50, saturation: 50, contrast: 50, sharpness: 50, irCut: 'AUTO', wdrMode: 'OFF', wdrLevel: 50 };
}
