import { Component, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { FaceSignIn, OutputsError, readOutputs } from './client';
import { App } from './page/App';
import { Screen } from './page/ui';
import './style.css';
import { en as text } from './text/en';

/** A page with nothing but words. */
function Notice({ title, lead }: { title: string; lead: string }) {
  return (
    <main className="frame">
      <Screen title={title} lead={lead}>
        {null}
      </Screen>
    </main>
  );
}

/** Whatever breaks within, a person is told what to do. */
class Whole extends Component<{ children: ReactNode }, { broken: boolean }> {
  override readonly state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Notice {...text.crashed} /> : this.props.children;
  }
}

async function start(): Promise<void> {
  const page = document.getElementById('page');
  if (page === null) {
    return;
  }
  const root = createRoot(page);
  if (!window.isSecureContext) {
    root.render(<Notice {...text.insecure} />);
    return;
  }
  try {
    const answer = await fetch('/config.json', { cache: 'no-cache' }).catch(() => undefined);
    if (answer === undefined) {
      root.render(<Notice title={text.product} lead={text.troubles.unreachable} />);
      return;
    }
    const config: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined;
    if (config === undefined) {
      root.render(<Notice title={text.setup.title} lead={text.setup.none} />);
      return;
    }
    const client = new FaceSignIn(readOutputs(config));
    const person = await client.current();
    root.render(
      <StrictMode>
        <Whole>
          <App client={client} person={person} />
        </Whole>
      </StrictMode>,
    );
  } catch (error) {
    console.error(error);
    const lead = error instanceof OutputsError ? text.setup.wrong(error.problems) : text.crashed.lead;
    const { title } = error instanceof OutputsError ? text.setup : text.crashed;
    root.render(<Notice title={title} lead={lead} />);
  }
}

void start();
