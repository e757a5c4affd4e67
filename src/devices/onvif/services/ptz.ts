import { clean } from '../notifications.ts';
import { OnvifError } from '../problems.ts';
import { at, escapeXml, type XmlElement } from '../xml.ts';
import { type AskOptions, type CameraServices, lacks } from './services.ts';

/** Speeds from -1 to 1: right, up and nearer are above 0. */
export interface Velocity {
  pan: number;
  tilt: number;
  zoom: number;
}

export interface Preset {
  token: string;
  name: string;
}

interface Range {
  min: number;
  max: number;
}

/** The camera stops by itself so soon after the last order, also where nobody can tell it to. */
const STOPS_BY_ITSELF_S = 1;
const PRESETS_MAX = 300;
const TEXT_MAX_CHARACTERS = 64;
const FULL: Range = { min: -1, max: 1 };
/** Where a profile has them, by media service. */
const PARTS = {
  media: { head: ['PTZConfiguration'], eye: ['VideoSourceConfiguration'] },
  media2: { head: ['Configurations', 'PTZ'], eye: ['Configurations', 'VideoSource'] },
};

/** The moving head of a camera. Every call throws as {@link CameraServices.ask}. */
export class PtzHead {
  readonly #services: CameraServices;
  readonly #profile: string;
  readonly #speeds: { pan: Range; tilt: Range; zoom: Range };

  private constructor(services: CameraServices, profile: string, speeds: { pan: Range; tilt: Range; zoom: Range }) {
    this.#services = services;
    this.#profile = profile;
    this.#speeds = speeds;
  }

  /** `conflict.state` for a camera whose head does not move. */
  static async open(services: CameraServices, how: AskOptions, source: string | null = null): Promise<PtzHead> {
    if (!services.has('ptz')) throw lacks('The camera has no PTZ service.');
    const isOld = services.has('media');
    const { head, eye } = isOld ? PARTS.media : PARTS.media2;
    const types = '<tr2:Type>VideoSource</tr2:Type><tr2:Type>PTZ</tr2:Type>';
    const profiles = isOld
      ? await services.ask('media', 'GetProfiles', '', how)
      : await services.ask('media2', 'GetProfiles', types, how);
    const movable = profiles.children.find(
      (one) =>
        one.name === 'Profiles' &&
        one.attributes.get('token') &&
        at(one, ...head) &&
        (source === null || at(one, ...eye, 'SourceToken')?.text === source),
    );
    if (!movable) throw lacks('No profile of the camera has a PTZ configuration.');
    const token = at(movable, ...head)?.attributes.get('token') ?? '';
    const speeds = await speedsOf(services, token, how);
    return new PtzHead(services, movable.attributes.get('token') ?? '', speeds);
  }

  /** Moves until the next order, and a second at most. */
  async move({ pan, tilt, zoom }: Velocity, how: AskOptions): Promise<void> {
    const speeds = this.#speeds;
    const turn = `<tt:PanTilt x="${scaled(pan, speeds.pan)}" y="${scaled(tilt, speeds.tilt)}"/>`;
    const near = `<tt:Zoom x="${scaled(zoom, speeds.zoom)}"/>`;
    const body = `<tptz:Velocity>${turn}${near}</tptz:Velocity><tptz:Timeout>PT${STOPS_BY_ITSELF_S}S</tptz:Timeout>`;
    await this.#ask('ContinuousMove', body, how);
  }

  async stop(how: AskOptions): Promise<void> {
    await this.#ask('Stop', '<tptz:PanTilt>true</tptz:PanTilt><tptz:Zoom>true</tptz:Zoom>', how);
  }

  async presets(how: AskOptions): Promise<Preset[]> {
    const answer = await this.#ask('GetPresets', '', how);
    return answer.children
      .filter(({ name, attributes }) => name === 'Preset' && attributes.get('token'))
      .slice(0, PRESETS_MAX)
      .map((one) => ({ token: one.attributes.get('token') ?? '', name: nameOf(one) }));
  }

  async goto(token: string, how: AskOptions): Promise<void> {
    await this.#ask('GotoPreset', `<tptz:PresetToken>${escapeXml(token)}</tptz:PresetToken>`, how);
  }

  /** Keeps where the head stands as a preset; resolves with its token. */
  async keep(name: string, how: AskOptions): Promise<string> {
    const answer = await this.#ask('SetPreset', `<tptz:PresetName>${escapeXml(name)}</tptz:PresetName>`, how);
    const token = at(answer, 'PresetToken')?.text ?? '';
    if (token !== '') return token;
    throw new OnvifError('malformed', { operation: 'SetPreset', detail: 'it names no preset' });
  }

  #ask(operation: string, body: string, how: AskOptions): Promise<XmlElement> {
    const profile = `<tptz:ProfileToken>${escapeXml(this.#profile)}</tptz:ProfileToken>`;
    return this.#services.ask('ptz', operation, profile + body, how);
  }
}

function nameOf(preset: XmlElement): string {
  return clean(at(preset, 'Name')?.text ?? '', TEXT_MAX_CHARACTERS);
}

/** What the camera takes for full speed; -1 to 1, as the generic space has it, where it does not tell. */
async function speedsOf(services: CameraServices, configuration: string, how: AskOptions) {
  const body = `<tptz:ConfigurationToken>${escapeXml(configuration)}</tptz:ConfigurationToken>`;
  const told = await services.ask('ptz', 'GetConfigurationOptions', body, how).catch((error: unknown) => {
    if (error instanceof OnvifError && error.problem === 'timeout') throw error;
    return undefined;
  });
  const spaces = at(told, 'PTZConfigurationOptions', 'Spaces');
  const turn = at(spaces, 'ContinuousPanTiltVelocitySpace');
  const near = at(spaces, 'ContinuousZoomVelocitySpace');
  return { pan: rangeOf(turn, 'XRange'), tilt: rangeOf(turn, 'YRange'), zoom: rangeOf(near, 'XRange') };
}

function rangeOf(space: XmlElement | undefined, name: string): Range {
  const read = (which: string): number => Number(at(space, name, which)?.text || Number.NaN);
  const [min, max] = [read('Min'), read('Max')];
  return min < 0 && max > 0 && Number.isFinite(max - min) ? { min, max } : FULL;
}

function scaled(value: number, { min, max }: Range): number {
  return Math.round(1_000 * (value < 0 ? -value * min : value * max)) / 1_000;
}
