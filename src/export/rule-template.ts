import type { Condition } from '../source/condition.js';

/** Go templates have no escape of their own for what opens them. */
const OPENING = /\{\{/g;
const ESCAPED_OPENING = '{{ "{{" }}';

const valueFormats: Readonly<Record<Condition['unit'], string>> = {
  number: '{{ $value | humanize }}',
  ratio: '{{ $value | humanizePercentage }}',
  seconds: '{{ $value | humanizeDuration }}',
  bytes: '{{ $value | humanize }}B',
};

/** An annotation of a trigger (`${value}`, `${labels.x}`) as a template of Prometheus. */
export function ruleTemplate(text: string, unit: Condition['unit']): string {
  return literalTemplate(text)
    .replaceAll('${value}', () => valueFormats[unit])
    .replaceAll(/\$\{labels\.([A-Za-z_]\w*)\}/g, (_written, name: string) => `{{ $labels.${name} }}`);
}

/** Text that Prometheus is to show as it is. */
export function literalTemplate(text: string): string {
  return text.replaceAll(OPENING, () => ESCAPED_OPENING);
}
