import type { Model } from './model.ts';
import { cabinet } from './places/cabinet.ts';
import { dustMonitor } from './places/dust-monitor.ts';
import { site } from './places/site.ts';
import { siteCrane } from './places/site-crane.ts';
import { networkSwitch } from './places/switch.ts';
import { bikeDock } from './street/bike-dock.ts';
import { kiosk } from './street/kiosk.ts';
import { loudspeaker } from './street/loudspeaker.ts';
import { parkingBay } from './street/parking-bay.ts';
import { paymentTerminal } from './street/payment-terminal.ts';
import { sign } from './street/sign.ts';
import { sosButton } from './street/sos-button.ts';
import { wifiAp } from './street/wifi-ap.ts';
import { checkpoint } from './traffic/checkpoint.ts';
import { signalController } from './traffic/signal-controller.ts';
import { vehicle } from './traffic/vehicle.ts';
import { camera } from './video/camera.ts';
import { gateway } from './video/gateway.ts';
import { platformNode } from './video/platform-node.ts';
import { recorder } from './video/recorder.ts';
import { manhole } from './water/manhole.ts';
import { pollutionLogger } from './water/pollution-logger.ts';
import { pump } from './water/pump.ts';
import { waterLevel } from './water/water-level.ts';
import { weatherStation } from './water/weather-station.ts';

const ALL: readonly Model[] = [
  bikeDock,
  cabinet,
  camera,
  checkpoint,
  dustMonitor,
  gateway,
  kiosk,
  loudspeaker,
  manhole,
  networkSwitch,
  parkingBay,
  paymentTerminal,
  platformNode,
  pollutionLogger,
  pump,
  recorder,
  sign,
  signalController,
  site,
  siteCrane,
  sosButton,
  vehicle,
  waterLevel,
  weatherStation,
  wifiAp,
];

/** How devices of each kind behave, by the name of the kind. To add one: a file beside the others and a line above. */
export const MODELS: ReadonlyMap<string, Model> = new Map(ALL.map((model) => [model.kind, model]));
