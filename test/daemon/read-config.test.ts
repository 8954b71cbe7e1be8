import { expect, test } from 'vitest';
import type { Config, HttpSettings } from '../../src/config/config.js';
import { refuseWhatNeedsRestart } from '../../src/daemon/read-config.js';

const http: HttpSettings = { host: '127.0.0.1', port: 9797, tokens: [{ name: 'page', role: 'viewer', token: 'secret' }] };

function config(changes: Partial<HttpSettings>, storePath = '/var/belay.db'): Config {
  return { storePath, http: { ...http, ...changes } } as Config;
}

test('a reload may change tokens, and neither the store nor where the interface is', () => {
  const refusal = (next: Config): unknown => {
    try {
      refuseWhatNeedsRestart(config({}), next);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  expect(refusal(config({ tokens: [] }))).toBeUndefined();
  expect(refusal(config({ port: 9798 }))).toMatchObject({ code: 'config-invalid', context: { changed: ['http'] } });
  expect(refusal(config({ tls: { cert: 'a', key: 'b' } }, '/other.db'))).toMatchObject({ context: { changed: ['store', 'http'] } });
});
