import { afterEach, describe, expect, it, vi } from 'vitest';

import { cameraTrouble } from '../../src/page/cameraTrouble';
import { choosable, constraints } from '../../src/page/cameras';

const device = (kind: string, deviceId: string, label = '') => ({ kind, deviceId, label }) as MediaDeviceInfo;

describe('which camera', () => {
  it('is the one towards the person for a face, and the other one for a document', () => {
    expect(constraints('face', null)).toMatchObject({ facingMode: 'user' });
    expect(constraints('document', null)).toMatchObject({ facingMode: 'environment' });
  });

  it('is the one that was chosen and no other, whichever way it looks', () => {
    const wanted = constraints('face', 'infrared');
    expect(wanted).toMatchObject({ deviceId: { exact: 'infrared' } });
    expect(wanted).not.toHaveProperty('facingMode');
  });

  it('can be chosen among those that the browser names, each under a name', () => {
    const devices = [
      device('audioinput', 'microphone', 'Microphone'),
      device('videoinput', 'front', 'Front camera'),
      device('videoinput', 'back'),
    ];
    expect(choosable(devices, (number) => `Camera ${number}`)).toEqual([
      { id: 'front', label: 'Front camera' },
      { id: 'back', label: 'Camera 2' },
    ]);
    // Before a camera was allowed, browsers tell that there are some and no more.
    expect(choosable([device('videoinput', ''), device('videoinput', '')], String)).toEqual([]);
  });
});

describe('what is wrong with a camera', () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'busy'],
  ])('%s is told as %s, whatever kind of object it is', (name, trouble) => {
    expect(cameraTrouble({ name })).toBe(trouble);
    expect(cameraTrouble(new DOMException('', name))).toBe(trouble);
  });

  it('that nobody has heard of depends on what the browser could do', () => {
    const unheard = new Error('getUserMedia is not implemented in this browser');
    class MediaDevices {}
    vi.stubGlobal('MediaDevices', MediaDevices);
    vi.stubGlobal('navigator', { mediaDevices: {} });
    expect(cameraTrouble(unheard)).toBe('unsupported');
    vi.stubGlobal('navigator', { mediaDevices: new MediaDevices() });
    expect(cameraTrouble(unheard)).toBe('failed');
    vi.stubGlobal('isSecureContext', false);
    expect(cameraTrouble(unheard)).toBe('insecure');
  });
});
