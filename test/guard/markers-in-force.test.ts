import { expect, it } from 'vitest';
import type { ChangeMarker } from '../../src/guard/change-marker.js';
import { changeFacts } from '../../src/guard/changes.js';
import { markersInForce } from '../../src/guard/markers-in-force.js';

const marker = (kind: 'deploy' | 'good', version: string, at: number, told: Partial<ChangeMarker> = {}): ChangeMarker => ({ target: 'cart', kind, version, at, by: 'ci', ...told });

it.each<[string, readonly ChangeMarker[]]>([
  ['the same version was deployed once more after it was called good', [marker('deploy', 'v2', 0, { configVersion: 'c0', snapshotId: 's0' }), marker('good', 'v2', 0), marker('deploy', 'v2', 1, { configVersion: 'c1' })]],
  ['an old version is called good of late', [marker('deploy', 'v1', 0, { configVersion: 'c1' }), marker('deploy', 'v2', 1, { configVersion: 'c2' }), marker('good', 'v1', 200)]],
])('the rollback point keeps all that was told of it, where %s', (_case, markers) => {
  const { rollbackPoint, running } = changeFacts(markers);
  expect(rollbackPoint?.configVersion).toBeDefined();
  expect(changeFacts(markersInForce(markers, 100))).toMatchObject({ rollbackPoint, running });
});
