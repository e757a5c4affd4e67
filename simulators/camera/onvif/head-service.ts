import { leaf, operationUnknown, pick, SoapFault, type SoapRequest, tag, textOf } from './soap.ts';

/** How a head was told to move; null where it stands. */
export interface HeadMotion {
  pan: number;
  tilt: number;
  zoom: number;
}

const CONFIGURATION = 'ptz_configuration';
const SPEED_SPACE = 'http://www.onvif.org/ver10/tptz/PanTiltSpaces/VelocityGenericSpace';
const ZOOM_SPACE = 'http://www.onvif.org/ver10/tptz/ZoomSpaces/VelocityGenericSpace';

/** What a profile says of the head that its picture hangs on. */
export const HEAD_CONFIGURATION =
  `<tt:PTZConfiguration token="${CONFIGURATION}">${leaf('tt:Name', 'head')}${leaf('tt:UseCount', 2)}` +
  `${leaf('tt:NodeToken', 'node')}</tt:PTZConfiguration>`;

/** The PTZ service of a camera. Its head goes on until it is told to stop: it keeps no time of its own. */
export class HeadService {
  /** Operations that were done, oldest first; a preset with its token. */
  readonly orders: string[] = [];
  readonly presets = new Map<string, string>([['1', 'Gate']]);
  motion: HeadMotion | null = null;

  answer({ operation, body, text }: SoapRequest): string {
    const inner = this.#answer(operation, textOf(pick(body, 'PresetToken')), textOf(pick(body, 'PresetName')), text);
    return `<tptz:${operation}Response>${inner}</tptz:${operation}Response>`;
  }

  #answer(operation: string, preset: string, name: string, text: string): string {
    switch (operation) {
      case 'GetConfigurationOptions':
        return options();
      case 'GetPresets':
        return [...this.presets].map(([token, title]) => presetOf(token, title)).join('');
      case 'ContinuousMove':
        this.motion = motionOf(text);
        break;
      case 'Stop':
        this.motion = null;
        break;
      case 'GotoPreset':
        if (!this.presets.has(preset)) throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'NoToken'], 'No preset');
        this.motion = null;
        break;
      case 'SetPreset':
        this.presets.set(String(this.presets.size + 1), name);
        break;
      default:
        throw operationUnknown();
    }
    this.orders.push(preset === '' ? operation : `${operation} ${preset}`);
    return operation === 'SetPreset' ? leaf('tptz:PresetToken', this.presets.size) : '';
  }
}

function presetOf(token: string, name: string): string {
  return `<tptz:Preset token="${token}">${leaf('tt:Name', name)}</tptz:Preset>`;
}

/** Half of what the generic space has, as makers of heavy heads have it. */
function options(): string {
  const range = (name: string): string => tag(name, leaf('tt:Min', -0.5), leaf('tt:Max', 0.5));
  const turn = leaf('tt:URI', SPEED_SPACE) + range('tt:XRange') + range('tt:YRange');
  const near = leaf('tt:URI', ZOOM_SPACE) + range('tt:XRange');
  const spaces = tag('tt:ContinuousPanTiltVelocitySpace', turn) + tag('tt:ContinuousZoomVelocitySpace', near);
  const timeout = tag('tt:PTZTimeout', leaf('tt:Min', 'PT1S'), leaf('tt:Max', 'PT60S'));
  return tag('tptz:PTZConfigurationOptions', tag('tt:Spaces', spaces), timeout);
}

function motionOf(text: string): HeadMotion {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    pan: number(/PanTilt\b[^>]*\bx="([^"]*)"/),
    tilt: number(/PanTilt\b[^>]*\by="([^"]*)"/),
    zoom: number(/Zoom\b[^>]*\bx="([^"]*)"/),
  };
}
