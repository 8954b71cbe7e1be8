/** What a script learns from an exit: 0 well, 1 the answer is bad, 2 wrong use, 3 the daemon could not be reached. */
export const exitCodes = { ok: 0, bad: 1, wrongUse: 2, unreachable: 3 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
