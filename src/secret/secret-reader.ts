/** Where `${env:NAME}` and `${file:/path}` find their values. Throws a BelayError `template-unresolved` naming the reference, never a value. */
export interface SecretReader {
  readEnv(name: string): string;
  readFile(path: string): string;
}
