/** What can be wrong with a camera. */
export type CameraTrouble = 'denied' | 'missing' | 'busy' | 'lost' | 'failed' | 'insecure' | 'unsupported';

/** What a browser's refusal means. */
export function cameraTrouble(error: unknown): CameraTrouble {
  // Not every browser's errors of this kind are an `Error`.
  switch ((error as { name?: unknown } | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      if (globalThis.isSecureContext === false) {
        return 'insecure';
      }
      return supported() ? 'failed' : 'unsupported';
  }
}

/** Whether the browser gives pages cameras at all. `react-webcam` puts a plain object where there is
 * nothing, which only fails. */
const supported = (): boolean =>
  'MediaDevices' in globalThis && navigator.mediaDevices instanceof MediaDevices;
