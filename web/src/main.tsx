import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { FaceSignIn, readOutputs } from './client';
import { App } from './page/App';
import { Screen } from './page/ui';
import './style.css';
import { en as text } from './text/en';

async function start(): Promise<void> {
  const page = document.getElementById('page');
  if (page === null) {
    return;
  }
  const root = createRoot(page);
  try {
    const answer = await fetch('/config.json', { cache: 'no-cache' });
    const client = new FaceSignIn(readOutputs(await answer.json()));
    const person = await client.current();
    root.render(
      <StrictMode>
        <App client={client} person={person} />
      </StrictMode>,
    );
  } catch (error) {
    console.error(error);
    root.render(
      <main className="frame">
        <Screen title={text.setup.title} lead={text.setup.lead}>
          {null}
        </Screen>
      </main>,
    );
  }
}

void start();
