/** What a cluster is told about who asks. */
export interface ClusterCredentials {
  readonly token?: string | undefined;
  /** PEM, both or neither. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string } | undefined;
}

/** One API server, and how to be known to it. */
export interface ClusterAccess {
  /** Without a slash at its end: `https://10.0.0.1:6443`. */
  readonly server: string;
  /** Where things are looked for when the binding names no namespace. */
  readonly namespace: string;
  readonly tls: ClusterTls;
  /** Reads them anew each time: tokens are rotated, and those of plugins expire. */
  credentials(signal: AbortSignal): Promise<ClusterCredentials>;
}

export interface ClusterTls {
  /** PEM of the authorities that may have signed the server's certificate; without it, those that Node trusts. */
  readonly ca?: string | undefined;
  /** The name that the certificate must be for, where it is not the host of `server`. */
  readonly serverName?: string | undefined;
  readonly isUnchecked: boolean;
}
