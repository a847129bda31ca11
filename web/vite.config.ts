import { cpSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

import { TEXTS } from './src/text';

const here = dirname(fileURLToPath(import.meta.url));

// What the page reads at run time, from packages that the lock file pins: nothing comes from
// anybody else's server. The folder is what `public/vendor` serves.
const VENDOR = {
  '@vladmandic/human/models': [
    'models',
    ['blazeface.json', 'blazeface.bin', 'facemesh.json', 'facemesh.bin'],
  ],
  '@vladmandic/face-api/model': [
    'models',
    [
      'face_landmark_68_model-weights_manifest.json',
      'face_landmark_68_model.bin',
      'face_recognition_model-weights_manifest.json',
      'face_recognition_model.bin',
      'tiny_face_detector_model-weights_manifest.json',
      'tiny_face_detector_model.bin',
    ],
  ],
  '@tensorflow/tfjs-backend-wasm/dist': [
    'wasm',
    ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'],
  ],
} as const;

function vendor(): Plugin {
  return {
    name: 'vendor',
    buildStart() {
      for (const [source, [folder, files]] of Object.entries(VENDOR)) {
        const target = resolve(here, 'public/vendor', folder);
        mkdirSync(target, { recursive: true });
        for (const file of files) {
          cpSync(resolve(here, 'node_modules', source, file), resolve(target, file));
        }
      }
    },
  };
}

/** Puts the texts into `index.html` that are read before any script runs, or where none does. */
function words(): Plugin {
  const { product, description } = TEXTS.en;
  const noScript = Object.entries(TEXTS).map(([language, text]) => `<p lang="${language}">${text.noScript}</p>`);
  const places = { product, description, noScript: noScript.join('') };
  return {
    name: 'words',
    transformIndexHtml: (html) =>
      Object.entries(places).reduce((page, [name, text]) => page.replace(`{{${name}}}`, text), html),
  };
}

/** The tests in browsers in which what a camera shows counts for nothing, or hardly. */
const FORMS = ['chains', 'hostile', 'mailed', 'words'].map((name) => `tests/browser/${name}.test.ts`);

const IN_BROWSERS = { environment: 'node', testTimeout: 120_000, hookTimeout: 120_000 } as const;

export default defineConfig({
  plugins: [vendor(), words()],
  esbuild: { jsx: 'automatic' },
  resolve: {
    alias: {
      // The browser's builds; the packages' own entries depend on who asks.
      '@vladmandic/human': resolve(here, 'node_modules/@vladmandic/human/dist/human.esm.js'),
      '@vladmandic/face-api': resolve(here, 'node_modules/@vladmandic/face-api/dist/face-api.esm.js'),
    },
  },
  build: {
    target: 'es2022',
    // The recognition libraries are large, and loaded only when the camera is wanted.
    chunkSizeWarningLimit: 2200,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  test: {
    // One browser at a time, or one of each kind: frames a second are few enough.
    fileParallelism: false,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' },
      },
      {
        extends: true,
        test: {
          name: 'cameras',
          include: ['tests/browser/**/*.test.ts'],
          exclude: FORMS,
          ...IN_BROWSERS,
        },
      },
      {
        extends: true,
        test: { name: 'forms', include: FORMS, ...IN_BROWSERS },
      },
    ],
  },
});
