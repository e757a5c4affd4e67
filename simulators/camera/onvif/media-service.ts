import type { Quality } from '../video/video.ts';
import { HEAD_CONFIGURATION } from './head-service.ts';
import { leaf, operationUnknown, pick, SoapFault, tag, textOf, type XmlValue } from './soap.ts';

export interface MediaFacts {
  sizes: Record<Quality, { width: number; height: number }>;
  fps: number;
  streamUrls: Record<Quality, string>;
  snapshotUrl: string;
  /** Whether its head moves. */
  hasHead: boolean;
}

const QUALITIES: Quality[] = ['main', 'sub'];

type Answer = (facts: MediaFacts, body: XmlValue) => string;

const ANSWERS: Record<string, Answer> = {
  GetServiceCapabilities: () =>
    '<trt:Capabilities SnapshotUri="true"><trt:ProfileCapabilities MaximumNumberOfProfiles="2"/>' +
    '<trt:StreamingCapabilities RTP_RTSP_TCP="true"/></trt:Capabilities>',
  GetProfiles: (facts) => QUALITIES.map((quality) => profile('trt:Profiles', facts, quality)).join(''),
  GetProfile: (facts, body) => profile('trt:Profile', facts, qualityOf(body, 'ProfileToken')),
  GetStreamUri: (facts, body) => mediaUri(facts.streamUrls[qualityOf(body, 'ProfileToken')]),
  GetSnapshotUri: (facts, body) => {
    qualityOf(body, 'ProfileToken');
    return mediaUri(facts.snapshotUrl);
  },
  GetVideoSources: ({ sizes, fps }) => {
    const inner = leaf('tt:Framerate', fps) + resolution('tt:Resolution', sizes.main);
    return `<trt:VideoSources token="source">${inner}</trt:VideoSources>`;
  },
  GetVideoSourceConfigurations: (facts) => sourceConfiguration('trt:Configurations', facts),
  GetVideoEncoderConfigurations: (facts) =>
    QUALITIES.map((quality) => encoderConfiguration('trt:Configurations', facts, quality)).join(''),
  GetVideoEncoderConfiguration: (facts, body) =>
    encoderConfiguration('trt:Configuration', facts, qualityOf(body, 'ConfigurationToken')),
  GetVideoEncoderConfigurationOptions: (facts, body) => {
    const asked = textOf(pick(body, 'ConfigurationToken')) || textOf(pick(body, 'ProfileToken'));
    return encoderOptions(facts, asked.endsWith('sub') ? 'sub' : 'main');
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

function qualityOf(body: XmlValue, field: string): Quality {
  const match = /^(?:profile|encoder)_(main|sub)$/.exec(textOf(pick(body, field)));
  if (match) return match[1] as Quality;
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

function resolution(name: string, { width, height }: { width: number; height: number }): string {
  return tag(name, leaf('tt:Width', width), leaf('tt:Height', height));
}

function profile(name: string, facts: MediaFacts, quality: Quality): string {
  const parts =
    sourceConfiguration('tt:VideoSourceConfiguration', facts) +
    encoderConfiguration('tt:VideoEncoderConfiguration', facts, quality) +
    (facts.hasHead ? HEAD_CONFIGURATION : '');
  return `<${name} token="profile_${quality}" fixed="true">${leaf('tt:Name', quality)}${parts}</${name}>`;
}

function sourceConfiguration(name: string, { sizes }: MediaFacts): string {
  const bounds = `<tt:Bounds x="0" y="0" width="${sizes.main.width}" height="${sizes.main.height}"/>`;
  const inner = leaf('tt:Name', 'source') + leaf('tt:UseCount', 2) + leaf('tt:SourceToken', 'source') + bounds;
  return `<${name} token="source_configuration">${inner}</${name}>`;
}

function encoderConfiguration(name: string, facts: MediaFacts, quality: Quality): string {
  const limits = leaf('tt:FrameRateLimit', facts.fps) + leaf('tt:EncodingInterval', 1) + leaf('tt:BitrateLimit', 1024);
  const group = tag('tt:Address', leaf('tt:Type', 'IPv4'), leaf('tt:IPv4Address', '0.0.0.0'));
  const inner = [
    leaf('tt:Name', quality),
    leaf('tt:UseCount', 1),
    leaf('tt:Encoding', 'H264'),
    resolution('tt:Resolution', facts.sizes[quality]),
    leaf('tt:Quality', 3),
    tag('tt:RateControl', limits),
    tag('tt:H264', leaf('tt:GovLength', 20), leaf('tt:H264Profile', 'Main')),
    tag('tt:Multicast', group, leaf('tt:Port', 0), leaf('tt:TTL', 0), leaf('tt:AutoStart', false)),
    leaf('tt:SessionTimeout', 'PT60S'),
  ];
  return `<${name} token="encoder_${quality}">${inner.join('')}</${name}>`;
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
