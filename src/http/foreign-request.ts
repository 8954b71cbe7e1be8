import { isIP } from 'node:net';

/**
 * Whether a Host header names somebody else. A web page can make a browser on this machine talk to Belay by pointing a
 * name of its own at 127.0.0.1, but it cannot do so with an address: addresses, `localhost` and the configured listen
 * host are ours.
 */
export function isForeignHost(host: string | undefined, listenHost: string): boolean {
  const name = hostnameOf(`http://${host ?? ''}`);
  if (name === undefined) return true;
  return name !== 'localhost' && name !== listenHost.toLowerCase() && isIP(name) === 0;
}

/** Whether an Origin header, which browsers send, is not the page's that came from the same host and port. */
export function isForeignOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}

/** 127.0.0.0/8 and ::1, also as IPv6-mapped. */
export function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? '');
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : undefined;
}
