// The face mesh, frame by frame. This module and what it loads are heavy: it is imported when the
// camera is wanted, and not before.

import { type Config, Human, type FaceResult } from '@vladmandic/human';

import type { FaceMeasures, Measures } from './guidance';

/** A point of the mesh in pixels of the frame; the third number is its depth. */
export type Point = readonly [number, number, number];

/** What was seen in a frame. */
export interface Sight {
  readonly measures: Measures;
  /** The largest face's mesh: 468 points. */
  readonly mesh: readonly Point[] | undefined;
}

const OFF = { enabled: false };

const CONFIG: Partial<Config> = {
  backend: 'wasm',
  wasmPath: '/vendor/wasm/',
  modelBasePath: '/vendor/models/',
  cacheModels: false,
  warmup: 'none',
  debug: false,
  async: true,
  // Every frame is looked at anew: what moves is what matters.
  cacheSensitivity: 0,
  filter: { enabled: false },
  face: {
    enabled: true,
    detector: { rotation: false, maxDetected: 3, minConfidence: 0.4, skipFrames: 0, skipTime: 0 },
    mesh: { enabled: true },
    attention: OFF,
    iris: OFF,
    description: OFF,
    emotion: OFF,
    antispoof: OFF,
    liveness: OFF,
  },
  body: OFF,
  hand: OFF,
  object: OFF,
  segmentation: OFF,
  gesture: OFF,
} as Partial<Config>;

const MODELS = ['blazeface', 'facemesh'] as const;

/** Looks at frames. */
export class Watcher {
  private readonly light = document.createElement('canvas');

  private constructor(private readonly human: Human) {
    this.light.width = 32;
    this.light.height = 32;
  }

  /** Loads WebAssembly and models from our own origin. */
  static async load(): Promise<Watcher> {
    const human = new Human(CONFIG);
    await human.load();
    // It goes on without what it could not load, and then never answers. A model that is only half
    // there has no inputs to tell of.
    for (const model of MODELS) {
      if (!human.models.models[model]?.inputs.length) {
        throw new Error(`the model ${model} could not be loaded`);
      }
    }
    return new Watcher(human);
  }

  /** The triangles that the mesh is drawn with: three indices of points each. */
  get triangles(): readonly number[] {
    return this.human.faceTriangulation;
  }

  /** Looks at a frame of a video, or at a picture. */
  async look(frame: HTMLVideoElement | HTMLCanvasElement): Promise<Sight> {
    const { face, error } = await this.human.detect(frame);
    if (error) {
      throw new Error(error);
    }
    const [width, height] =
      frame instanceof HTMLVideoElement
        ? [frame.videoWidth, frame.videoHeight]
        : [frame.width, frame.height];
    const faces = face
      .filter((one) => one.mesh.length >= 468)
      .sort((a, b) => b.box[2] - a.box[2]);
    const largest = faces[0];
    return {
      measures: {
        faces: faces.map((one) => measured(one, width)),
        brightness: this.brightness(frame, largest?.box ?? [0, 0, width, height]),
      },
      mesh: largest?.mesh.slice(0, 468) as Point[] | undefined,
    };
  }

  private brightness(
    frame: HTMLVideoElement | HTMLCanvasElement,
    [x, y, width, height]: readonly [number, number, number, number],
  ): number {
    const context = this.light.getContext('2d', { willReadFrequently: true });
    if (context === null || width < 1 || height < 1) {
      return 255;
    }
    context.drawImage(frame, x, y, width, height, 0, 0, 32, 32);
    const { data } = context.getImageData(0, 0, 32, 32);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) {
      // The weights of ITU-R BT.601.
      sum += 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
    }
    return sum / (data.length / 4);
  }
}

function measured(face: FaceResult, width: number): FaceMeasures {
  const [x, y, faceWidth, faceHeight] = face.box;
  return {
    centre: [(x + faceWidth / 2) / width, (y + faceHeight / 2) / width],
    width: faceWidth / width,
    yaw: face.rotation?.angle.yaw ?? 0,
    pitch: face.rotation?.angle.pitch ?? 0,
  };
}
