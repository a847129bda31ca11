import { Component, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { FaceSignIn, OutputsError, readOutputs } from './client';
import { App } from './page/App';
import { Frame } from './page/Frame';
import { Languages, useText } from './page/language';
import { Screen } from './page/ui';
import './style.css';
import type { Text } from './text';

/** A page with nothing but words. */
function Notice({ of }: { of: (text: Text) => { title: string; lead: string } }) {
  const { title, lead } = of(useText());
  return (
    <Frame>
      <Screen title={title} lead={lead}>
        {null}
      </Screen>
    </Frame>
  );
}

/** Whatever breaks within, a person is told what to do. */
class Whole extends Component<{ children: ReactNode }, { broken: boolean }> {
  override readonly state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Notice of={(text) => text.crashed} /> : this.props.children;
  }
}

/** What the page shows: the screens, or why there are none. */
async function page(): Promise<ReactNode> {
  if (!window.isSecureContext) {
    return <Notice of={(text) => text.insecure} />;
  }
  try {
    const answer = await fetch('/config.json', { cache: 'no-cache' }).catch(() => undefined);
    if (answer === undefined) {
      return <Notice of={(text) => ({ title: text.product, lead: text.troubles.unreachable })} />;
    }
    const config: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined;
    if (config === undefined) {
      return <Notice of={({ setup }) => ({ title: setup.title, lead: setup.none })} />;
    }
    const client = new FaceSignIn(readOutputs(config));
    const person = await client.current();
    return (
      <Whole>
        <App client={client} person={person} />
      </Whole>
    );
  } catch (error) {
    console.error(error);
    return error instanceof OutputsError ? (
      <Notice of={({ setup }) => ({ title: setup.title, lead: setup.wrong(error.problems) })} />
    ) : (
      <Notice of={(text) => text.crashed} />
    );
  }
}

async function start(): Promise<void> {
  const place = document.getElementById('page');
  if (place !== null) {
    const shown = await page();
    createRoot(place).render(
      <StrictMode>
        <Languages>{shown}</Languages>
      </StrictMode>,
    );
  }
}

void start();
