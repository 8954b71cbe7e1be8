import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { readAlong } from '../live/live-feed.js';
import { useStore } from '../live/store.js';
import { keepToken, session } from './session.js';

/** Asks for a token. It is tried at once, and refused in the daemon's own words. */
export function SignIn(): JSX.Element {
  const refusal = useStore(session, (current) => (current.kind === 'signed-out' ? current.refusal : undefined));
  const [token, setToken] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (token.trim() === '') return;
    keepToken(token.trim());
    readAlong();
  };
  return (
    <main class="sign-in" id="main">
      <h1>Belay</h1>
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          aria-describedby="token-help"
          aria-invalid={refusal !== undefined}
          autofocus
        />
        <p class="dim" id="token-help">
          One of <code>http.auth.tokens</code> in belay.yaml, or the daemon's own beside its store (<code>belay.db.token</code>). It is kept for this tab only.
        </p>
        <p class="error" role="alert">
          {refusal}
        </p>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
