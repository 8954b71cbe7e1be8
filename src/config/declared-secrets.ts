import type { BelayFile } from './belay-schema.js';

const SECRET_HEADER = /auth|token|key|secret|cookie|password/i;

/** The secrets that are written into belay.yaml itself, without a reference: they must not get out either. */
export function declaredSecrets({ http, sources, targets, notify }: BelayFile): readonly string[] {
  const places = [...Object.values(sources), ...Object.values(targets).flatMap(({ health }) => health ?? []), ...notify.webhook];
  const written = [
    ...http.auth.tokens.map(({ token }) => token),
    ...(notify.slack === undefined ? [] : [notify.slack.token]),
    ...(notify.email === undefined ? [] : passwordsOf(notify.email.smtp)),
    ...places.flatMap(({ url, headers }) => [...passwordsOf(url), ...headerSecrets(headers)]),
  ];
  // A reference without a value is still there as it is written, and no secret.
  return written.filter((text) => !/\$\{(?:env|file):/.test(text));
}

function passwordsOf(url: string): readonly string[] {
  const written = URL.canParse(url) ? new URL(url).password : '';
  return written === '' ? [] : [written, decoded(written)];
}

function headerSecrets(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => (SECRET_HEADER.test(name) ? [value, ...value.split(' ').slice(1)] : []));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
