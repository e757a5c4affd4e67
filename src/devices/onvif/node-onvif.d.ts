/** The parts of node-onvif 0.1.7 (which has no types) that the adapter uses; a contract test pins them. */
declare module 'node-onvif/lib/modules/soap.js' {
  interface Soap {
    /** Every service sends through this one method of the one shared object. */
    requestCommand(address: { href: string }, operation: string, soap: string): Promise<unknown>;
    _createNonce(bytes: number): Buffer;
  }
  const soap: Soap;
  export default soap;
}

declare module 'node-onvif/lib/modules/service-device.js' {
  class DeviceService {
    constructor(params: { xaddr: string });
    time_diff: number;
    setAuth(user: string, password: string): void;
    getSystemDateAndTime(): Promise<unknown>;
    getDeviceInformation(): Promise<unknown>;
    getNetworkInterfaces(): Promise<unknown>;
    getCapabilities(): Promise<unknown>;
    getUsers(): Promise<unknown>;
    createUsers(params: { User: User[] }): Promise<unknown>;
    setUser(params: { User: User[] }): Promise<unknown>;
  }
  /** Text that is XML already: the library escapes nothing. */
  interface User {
    Username: string;
    Password: string;
    UserLevel: string;
  }
  export default DeviceService;
}

declare module 'node-onvif/lib/modules/service-media.js' {
  class MediaService {
    constructor(params: { xaddr: string });
    time_diff: number;
    setAuth(user: string, password: string): void;
    getProfiles(): Promise<unknown>;
    getStreamUri(params: { ProfileToken: string; Protocol: 'UDP' | 'HTTP' | 'RTSP' }): Promise<unknown>;
    getSnapshotUri(params: { ProfileToken: string }): Promise<unknown>;
  }
  export default MediaService;
}
