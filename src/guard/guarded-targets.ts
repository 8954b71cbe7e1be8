import type { Target } from '../decision/target.js';
import type { Incident } from '../incident/incident.js';
import { declarationFor, undeclaredTarget, type GuardDeclaration } from './guard-declaration.js';
import type { TargetGuard } from './target-guard.js';

/** The guards of all targets: of those that the files declare, and of those on which something is open still. */
export class GuardedTargets {
  readonly #make: (target: Target) => TargetGuard;
  readonly #declaration: () => GuardDeclaration;
  readonly #guards = new Map<string, TargetGuard>();

  constructor(make: (target: Target) => TargetGuard, declaration: () => GuardDeclaration) {
    this.#make = make;
    this.#declaration = declaration;
  }

  get all(): readonly TargetGuard[] {
    return [...this.#guards.values()];
  }

  /** One per target at most. */
  get openIncidents(): readonly Incident[] {
    return this.all.flatMap((guard) => guard.incident ?? []);
  }

  /** Takes over what the files say now. */
  declare(): void {
    const declaration = this.#declaration();
    for (const target of declaration.targets) this.of(target).declare(declarationFor(target, declaration));
    for (const [name, guard] of this.#guards) {
      if (declaration.targets.some((target) => target.name === name)) continue;
      // Nobody watches it any more; what is open on it stays until it is closed.
      guard.declare(declarationFor(undeclaredTarget(name), declaration));
      if (guard.incident === undefined) this.#guards.delete(name);
    }
  }

  find(name: string): TargetGuard | undefined {
    return this.#guards.get(name);
  }

  /** The guard of a target, made when there is none. */
  of(target: Target): TargetGuard {
    const known = this.#guards.get(target.name);
    if (known !== undefined) return known;
    const guard = this.#make(target);
    this.#guards.set(target.name, guard);
    return guard;
  }

  /** The same by name, whether the files declare the target or not. */
  named(name: string): TargetGuard {
    return this.of(this.#declaration().targets.find((target) => target.name === name) ?? undeclaredTarget(name));
  }
}
