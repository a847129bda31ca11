// A browser with a camera that shows a photograph, and a stack with a page.
//
// `cargo xtask test web` starts the stacks, makes the cameras and names both here.

import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** What stands before the camera. */
export type Camera = 'live' | 'live-again' | 'impostor' | 'two-people' | 'nobody' | 'dark' | 'denied';

/** A stack with a page. */
export type Stack = '' | 'password' | 'data' | 'mesh';

function named(variable: string): string {
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set; run: cargo xtask test web`);
  }
  return value;
}

/** The outputs of a stack. */
export function outputs(stack: Stack): Record<string, string> {
  const file = stack === '' ? 'outputs.json' : `outputs-${stack}.json`;
  return JSON.parse(readFileSync(join(named('FACE_SIGNIN_OUTPUTS'), file), 'utf8'));
}

/** A file that somebody chooses. */
export const file = (name: 'document.jpg' | 'large.jpg' | 'sideways.jpg'): string =>
  join(named('FACE_SIGNIN_CAMERAS'), name);

/** Runs in the page: no camera takes the same picture twice, and one that plays a file does. A picture
 * that passed never passes again, so every frame that is drawn gets some grains of its own. */
function grain(): void {
  const drawn = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (
    this: CanvasRenderingContext2D,
    ...what: unknown[]
  ) {
    Reflect.apply(drawn, this, what);
    if (what[0] instanceof HTMLVideoElement) {
      for (let count = 0; count < 60; count += 1) {
        const [x, y] = [Math.random() * this.canvas.width, Math.random() * this.canvas.height];
        this.fillStyle = `rgb(128 128 128 / ${Math.random() / 4})`;
        this.fillRect(x, y, 3, 3);
      }
    }
  } as typeof drawn;
}

/** Where screenshots are left. */
const SCREENSHOTS =
  process.env['FACE_SIGNIN_SCREENSHOTS'] ?? resolve(import.meta.dirname, '../../screenshots');

/** What a person has open. */
export class Visit {
  /** Where requests went, and what they carried. */
  readonly requests: { readonly url: string; readonly body: string }[] = [];
  private readonly wrong: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly stack: Stack,
  ) {
    page.on('request', (request) => {
      this.requests.push({ url: request.url(), body: request.postData() ?? '' });
    });
    page.on('pageerror', (error) => this.wrong.push(String(error)));
    page.on('console', (message) => {
      // A policy that refuses something says so here.
      if (message.type() === 'error' && /Content Security Policy/.test(message.text())) {
        this.wrong.push(message.text());
      }
    });
  }

  /** Opens a stack's page in a browser of its own. */
  static async to(
    stack: Stack,
    camera: Camera,
    options: { dark?: boolean; width?: number; height?: number } = {},
  ): Promise<Visit> {
    const fake =
      camera === 'denied'
        ? ['--deny-permission-prompts']
        : [
            '--use-fake-ui-for-media-stream',
            `--use-file-for-fake-video-capture=${join(named('FACE_SIGNIN_CAMERAS'), `${camera}.mjpeg`)}`,
          ];
    const browser = await chromium.launch({
      executablePath: named('FACE_SIGNIN_BROWSER'),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--use-fake-device-for-media-stream',
        ...fake,
      ],
    });
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1100, height: options.height ?? 900 },
      colorScheme: options.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    await context.addInitScript(grain);
    const visit = new Visit(browser, context, await context.newPage(), stack);
    await visit.page.goto(outputs(stack)['WebUrl'] ?? '');
    return visit;
  }

  /** Ends the visit; nothing may have gone wrong unseen, and nothing have left this machine. */
  async end(): Promise<void> {
    await this.browser.close();
    expect(this.wrong).toEqual([]);
    const hosts = new Set(this.requests.map(({ url }) => new URL(url)).filter(leaves).map(String));
    expect([...hosts]).toEqual([]);
  }

  /** Leaves a picture of the page. */
  async shot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  /** Nothing on this screen that somebody cannot read, reach or hear. */
  async accessible(): Promise<void> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async () => {
      const { violations } = await (
        globalThis as unknown as { axe: typeof axe }
      ).axe.run(document, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    });
    expect(found).toEqual([]);
    const wide = await this.page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    expect(wide, 'the page is wider than the screen').toBe(false);
  }

  button(name: string) {
    return this.page.getByRole('button', { name });
  }

  heading(name: string | RegExp) {
    return this.page.getByRole('heading', { name });
  }

  /** Fills the form that opens an account. */
  async fillSignUp(person: Person): Promise<void> {
    await this.button('Create an account').click();
    await this.page.getByLabel('Name').fill(person.name);
    await this.page.getByLabel('E-mail').fill(person.email);
    if (person.password) {
      await this.page.getByLabel('Password').fill(person.password);
    }
    await this.page.getByRole('checkbox').check();
    await this.button('Continue').click();
  }

  /** Takes the code out of the local mailbox. */
  async enterCode(button = 'Confirm'): Promise<void> {
    await this.button('Use this code').click();
    await this.button(button).click();
  }

  /** Chooses a document and sends it. */
  async sendDocument(name: 'document.jpg' | 'large.jpg' = 'document.jpg'): Promise<void> {
    await this.heading('Your document').waitFor();
    await this.page.locator('input[type=file]').setInputFiles(file(name));
    await this.button('Use this picture').click();
  }

  /** Waits until the mesh is drawn, and says what is advised. */
  async mesh(): Promise<void> {
    await this.page.locator('canvas[data-points="468"]').waitFor();
  }

  /** Waits until all is well, and presses the button. */
  async take(): Promise<void> {
    await this.page.locator('.camera[data-advice="ready"]').waitFor();
    await this.page.getByTestId('take').click();
  }

  async signedIn(person: Person): Promise<void> {
    await this.heading(`Hello, ${person.name}`).waitFor();
    expect(await this.page.getByText(person.email).isVisible()).toBe(true);
  }

  /** From the first screen to the last, and out again. */
  async signUp(person: Person): Promise<void> {
    await this.fillSignUp(person);
    await this.enterCode();
    await this.sendDocument();
    await this.take();
    await this.signedIn(person);
  }

  /** What is said in the way of a problem. */
  problem() {
    return this.page.getByRole('alert');
  }

  /** Begins to sign in. */
  async begin(person: Person): Promise<void> {
    await this.page.getByLabel('E-mail').fill(person.email);
    if (person.password) {
      await this.page.getByLabel('Password').fill(person.password);
    }
    await this.button('Continue').click();
    await this.heading('Look into the camera').waitFor();
  }
}

/** Somebody with an address of their own. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly password?: string;
}

export function person(password?: string): Person {
  const email = `ada-${crypto.randomUUID()}@example.com`;
  return { name: 'Ada Example', email, ...(password ? { password } : {}) };
}

const leaves = (url: URL): boolean =>
  /^(http|ws)s?:$/.test(url.protocol) && !['localhost', '127.0.0.1'].includes(url.hostname);
