// Replaced by the schemas of the providers.
export interface Bindings {
  readonly featureFlags: Readonly<Record<string, unknown>>;
  readonly deployments: Readonly<Record<string, unknown>>;
  readonly configurations: Readonly<Record<string, unknown>>;
  readonly databases: Readonly<Record<string, unknown>>;
}
