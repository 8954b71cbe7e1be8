export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LISTEN = /^(?:\[([\da-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/;

/** Reads `127.0.0.1:9797`, `[::1]:9797`, `localhost:9797`; `:9797` is every IPv4 address of the machine. */
export function parseListen(text: string): ListenAddress | undefined {
  const [, ipv6, host, port] = LISTEN.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) return undefined;
  return { host: ipv6 ?? (host === '' || host === undefined ? '0.0.0.0' : host), port: Number(port) };
}

/** Whether only this machine can connect to it. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
