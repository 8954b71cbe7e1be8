/** Of the parameters of a `traffic` step, those that say what is wanted; each step has one of them. */
export const trafficWishes = ['maintenance', 'replicas', 'worker', 'incident'] as const;
export type TrafficWish = (typeof trafficWishes)[number];
