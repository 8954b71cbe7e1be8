/** Looks at triggers as soon as possible. What is asked for while a look at the same trigger runs is one further look. */
export class Looks {
  readonly #look: (trigger: string) => Promise<void>;
  /** Of each trigger that is being looked at: whether it is to be looked at once more. */
  readonly #again = new Map<string, boolean>();

  /** `look` never rejects. */
  constructor(look: (trigger: string) => Promise<void>) {
    this.#look = look;
  }

  ask(trigger: string): void {
    const isLooking = this.#again.has(trigger);
    this.#again.set(trigger, isLooking);
    if (!isLooking) void this.#run(trigger);
  }

  async #run(trigger: string): Promise<void> {
    do {
      this.#again.set(trigger, false);
      await this.#look(trigger);
    } while (this.#again.get(trigger) === true);
    this.#again.delete(trigger);
  }
}
