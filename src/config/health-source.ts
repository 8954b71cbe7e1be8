/** The name under which triggers ask the health endpoint of their target. */
export const HEALTH = 'health';
