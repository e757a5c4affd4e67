import type { Codec, Quality } from '../video/video.ts';
import { HEAD_CONFIGURATION } from './head-service.ts';
import { leaf, operationUnknown, pick, SoapFault, tag, textOf, type XmlValue } from './soap.ts';

export interface MediaFacts {
  sizes: Record<Quality, { width: number; height: number }>;
  fps: number;
  codecs: Record<Quality, Codec>;
  /** One for a camera, one per channel for a recorder. */
  eyes: readonly Eye[];
  /** Whether its head moves. */
  hasHead: boolean;
}

/** One video source and where its pictures are. */
export interface Eye {
  /** Token of the source. */
  source: string;
  /** Ends the tokens of its profiles and configurations: '' for the only one. */
  suffix: string;
  streamUrls: Record<Quality, string>;
  snapshotUrl: string;
}

/** A profile, or the configuration of its encoder. */
export interface Chosen {
  eye: Eye;
  quality: Quality;
}

const QUALITIES: Quality[] = ['main', 'sub'];

/** Every profile there is: first all large pictures, then all small ones, as recorders have them. */
export function allProfiles({ eyes }: MediaFacts): Chosen[] {
  return QUALITIES.flatMap((quality) => eyes.map((eye) => ({ eye, quality })));
}

type Answer = (facts: MediaFacts, body: XmlValue) => string;

const ANSWERS: Record<string, Answer> = {
  GetServiceCapabilities: () =>
    '<trt:Capabilities SnapshotUri="true"><trt:ProfileCapabilities MaximumNumberOfProfiles="2"/>' +
    '<trt:StreamingCapabilities RTP_RTSP_TCP="true"/></trt:Capabilities>',
  GetProfiles: (facts) =>
    allProfiles(facts)
      .map((chosen) => profile('trt:Profiles', facts, chosen))
      .join(''),
  GetProfile: (facts, body) => profile('trt:Profile', facts, chosenBy(facts, body, 'ProfileToken')),
  GetStreamUri: (facts, body) => {
    const { eye, quality } = chosenBy(facts, body, 'ProfileToken');
    return mediaUri(eye.streamUrls[quality]);
  },
  GetSnapshotUri: (facts, body) => mediaUri(chosenBy(facts, body, 'ProfileToken').eye.snapshotUrl),
  GetVideoSources: ({ sizes, fps, eyes }) => {
    const inner = leaf('tt:Framerate', fps) + resolution('tt:Resolution', sizes.main);
    return eyes.map(({ source }) => `<trt:VideoSources token="${source}">${inner}</trt:VideoSources>`).join('');
  },
  GetVideoSourceConfigurations: (facts) =>
    facts.eyes.map((eye) => sourceConfiguration('trt:Configurations', facts, eye)).join(''),
  GetVideoEncoderConfigurations: (facts) =>
    allProfiles(facts)
      .map((chosen) => encoderConfiguration('trt:Configurations', facts, chosen))
      .join(''),
  GetVideoEncoderConfiguration: (facts, body) =>
    encoderConfiguration('trt:Configuration', facts, chosenBy(facts, body, 'ConfigurationToken')),
  GetVideoEncoderConfigurationOptions: (facts, body) => {
    const asked = textOf(pick(body, 'ConfigurationToken')) || textOf(pick(body, 'ProfileToken'));
    return encoderOptions(facts, /_sub(_|$)/.test(asked) ? 'sub' : 'main');
  },
  GetAudioSources: () => '',
  GetAudioEncoderConfigurations: () => '',
};

/** Throws a {@link SoapFault} for an operation or a profile this camera does not have. */
export function answerMedia(operation: string, facts: MediaFacts, body: XmlValue): string {
  const answer = Object.hasOwn(ANSWERS, operation) ? ANSWERS[operation] : undefined;
  if (!answer) throw operationUnknown();
  return `<trt:${operation}Response>${answer(facts, body)}</trt:${operation}Response>`;
}

/** The profile, or encoder, that a request names. Throws a {@link SoapFault} for one there is not. */
export function chosenBy(facts: MediaFacts, body: XmlValue, field: string): Chosen {
  const named = textOf(pick(body, field)).replace(/^(profile|encoder)_/, '');
  const found = allProfiles(facts).find(({ eye, quality }) => quality + eye.suffix === named);
  if (found) return found;
  throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'NoProfile'], 'Profile Not Exist');
}

function mediaUri(url: string): string {
  const life = [
    leaf('tt:InvalidAfterConnect', false),
    leaf('tt:InvalidAfterReboot', false),
    leaf('tt:Timeout', 'PT0S'),
  ];
  return tag('trt:MediaUri', leaf('tt:Uri', url), ...life);
}

export function resolution(name: string, { width, height }: { width: number; height: number }): string {
  return tag(name, leaf('tt:Width', width), leaf('tt:Height', height));
}

function profile(name: string, facts: MediaFacts, chosen: Chosen): string {
  const { eye, quality } = chosen;
  const parts =
    sourceConfiguration('tt:VideoSourceConfiguration', facts, eye) +
    encoderConfiguration('tt:VideoEncoderConfiguration', facts, chosen) +
    (facts.hasHead ? HEAD_CONFIGURATION : '');
  const token = `profile_${quality}${eye.suffix}`;
  return `<${name} token="${token}" fixed="true">${leaf('tt:Name', quality + eye.suffix)}${parts}</${name}>`;
}

export function sourceConfiguration(name: string, { sizes }: MediaFacts, { source, suffix }: Eye): string {
  const bounds = `<tt:Bounds x="0" y="0" width="${sizes.main.width}" height="${sizes.main.height}"/>`;
  const inner = leaf('tt:Name', 'source') + leaf('tt:UseCount', 2) + leaf('tt:SourceToken', source) + bounds;
  return `<${name} token="source_configuration${suffix}">${inner}</${name}>`;
}

function encoderConfiguration(name: string, facts: MediaFacts, { eye, quality }: Chosen): string {
  const limits = leaf('tt:FrameRateLimit', facts.fps) + leaf('tt:EncodingInterval', 1) + leaf('tt:BitrateLimit', 1024);
  const group = tag('tt:Address', leaf('tt:Type', 'IPv4'), leaf('tt:IPv4Address', '0.0.0.0'));
  const inner = [
    leaf('tt:Name', quality),
    leaf('tt:UseCount', 1),
    leaf('tt:Encoding', facts.codecs[quality]),
    resolution('tt:Resolution', facts.sizes[quality]),
    leaf('tt:Quality', 3),
    tag('tt:RateControl', limits),
    tag('tt:H264', leaf('tt:GovLength', 20), leaf('tt:H264Profile', 'Main')),
    tag('tt:Multicast', group, leaf('tt:Port', 0), leaf('tt:TTL', 0), leaf('tt:AutoStart', false)),
    leaf('tt:SessionTimeout', 'PT60S'),
  ];
  return `<${name} token="encoder_${quality}${eye.suffix}">${inner.join('')}</${name}>`;
}

function encoderOptions(facts: MediaFacts, quality: Quality): string {
  const range = (name: string, max: number): string => tag(name, leaf('tt:Min', 1), leaf('tt:Max', max));
  const h264 = [
    resolution('tt:ResolutionsAvailable', facts.sizes[quality]),
    range('tt:GovLengthRange', 60),
    range('tt:FrameRateRange', facts.fps),
    range('tt:EncodingIntervalRange', 1),
    leaf('tt:H264ProfilesSupported', 'Main'),
  ];
  return tag('trt:Options', range('tt:QualityRange', 5), tag('tt:H264', ...h264));
}
