import type { BelayFile } from './belay-schema.js';
import { textsIn } from './texts-in.js';

const SECRET_NAME = /auth|token|key|secret|cookie|password/i;
const SECRET_SETTING = /token|secret|password|api_?key/i;

/**
 * The secrets that are written into belay.yaml itself, without a reference: tokens, passwords in addresses, and what
 * headers, environments of commands and settings of plugins hold under telling names. They must not get out either.
 */
export function declaredSecrets(belay: BelayFile): readonly string[] {
  const secrets = textsIn(belay, []).flatMap(({ text, path }) => {
    const [section, key] = path.slice(-2);
    const isNamed = typeof key === 'string' && ((section === 'headers' || section === 'env') ? SECRET_NAME.test(key) : path.includes('settings') && SECRET_SETTING.test(key));
    // Of "Bearer abc" the second word is the secret, and stands alone elsewhere.
    return [...(key === 'token' || key === 'signingSecret' || isNamed ? [text, ...text.split(' ').slice(1)] : []), ...passwordsOf(text)];
  });
  // A reference without a value is still there as it is written, and a template is filled later.
  return secrets.filter((text) => !text.includes('${'));
}

function passwordsOf(text: string): readonly string[] {
  const written = URL.canParse(text) ? new URL(text).password : '';
  return written === '' ? [] : [written, decoded(written)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
