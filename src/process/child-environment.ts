/** What a command gets of Belay's own environment; everything else, tokens above all, stays behind. */
const PASSED_ON = new Set([
  'PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR', 'HOSTNAME',
  'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME',
  'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy',
]);

/**
 * The environment of a command: the few entries of Belay's own that any program needs, `LC_*`, and over them what the
 * binding or the step declares. Secrets reach a command only by being declared.
 */
export function childEnvironment(own: NodeJS.ProcessEnv, declared: Readonly<Record<string, string>> = {}): Record<string, string> {
  const passedOn = Object.entries(own).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && (PASSED_ON.has(entry[0]) || entry[0].startsWith('LC_')),
  );
  return { ...Object.fromEntries(passedOn), ...declared };
}
