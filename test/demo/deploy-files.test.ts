import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, parseDocument } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load-config.js';
import { configFolder } from '../support/config-folder.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const yamlFilesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name)).map((name) => join(folder, name));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      entrypoint: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      ports: z.array(z.string()).default([]),
      secrets: z.array(z.string()).default([]),
      depends_on: z.record(z.string(), z.unknown()).default({}),
      healthcheck: z.object({ test: z.array(z.string()).optional() }).optional(),
    }),
  ),
  secrets: z.record(z.string(), z.object({ environment: z.string() })),
  volumes: z.record(z.string(), z.unknown()),
});

function composeFile(): z.infer<typeof composeSchema> {
  return composeSchema.parse(parseDocument(read('docker-compose.yml'), { merge: true }).toJS());
}

/** Programs of ours that a command line of the image starts. */
function ownPrograms(argv: readonly string[]): string[] {
  return argv.filter((argument) => argument.startsWith('/app/dist/') || argument.startsWith('dist/'));
}

function sourceOf(program: string): string {
  return program.replace(/^(?:\/app\/)?dist\//, 'src/').replace(/\.js$/, '.ts');
}

describe('the files that ship', () => {
  it('are YAML without errors, warnings or duplicate keys', () => {
    const files = ['docker-compose.yml', 'belay.yaml', ...['rules', 'plans', 'deploy'].flatMap(yamlFilesIn)];
    expect(files.length).toBeGreaterThanOrEqual(8);
    for (const file of files) {
      const documents = parseAllDocuments(read(file), { merge: true });
      expect([...documents].flatMap(({ errors, warnings }) => [...errors, ...warnings].map(String)), file).toEqual([]);
    }
  });

  it('are accepted by promtool and amtool', async () => {
    // The token that Prometheus reads is there in the container only, so files are left to the next line and to the mounts.
    await run('promtool', ['check', 'config', '--syntax-only', join(root, 'deploy/prometheus/prometheus.yml')]);
    await run('promtool', ['check', 'rules', join(root, 'deploy/prometheus/rules/guard.yml')]);
    await run('amtool', ['check-config', join(root, 'deploy/alertmanager/alertmanager.yml')]);
  });

  it('alert when they should, and not before', async () => {
    await run('promtool', ['test', 'rules', join(root, 'test/demo/guard-alerts.promtest.yml')]);
  });
});

describe('docker-compose.yml', () => {
  it('mounts only what is there, and names only volumes and services that it declares', () => {
    const { services, volumes } = composeFile();
    for (const [name, service] of Object.entries(services)) {
      for (const volume of service.volumes) {
        const source = volume.split(':')[0]!;
        if (source.startsWith('.')) expect(existsSync(join(root, source)), `${name} mounts ${source}`).toBe(true);
        else expect(volumes, `${name} mounts ${source}`).toHaveProperty(source);
      }
      for (const needed of Object.keys(service.depends_on)) expect(services, `${name} needs ${needed}`).toHaveProperty(needed);
    }
  });

  it('lets each configuration reach the services by the names and ports that they have', () => {
    const { services } = composeFile();
    const files = ['docker-compose.yml', ...yamlFilesIn('deploy')];
    const addresses = files.flatMap((file) => [...read(file).matchAll(/(?:\/\/|")([a-z]+):(\d{4})\b/g)].map((match) => ({ file, host: match[1]!, port: match[2]! })));
    expect(addresses.length).toBeGreaterThan(8);
    const ports: Readonly<Record<string, string>> = { shop: '3000', prometheus: '9090', alertmanager: '9093', mail: '1025', slack: '8090', belay: '9797' };
    for (const { file, host, port } of addresses) {
      expect(services, `${host} in ${file}`).toHaveProperty(host);
      expect(port, `${host} in ${file}`).toBe(ports[host]);
    }
  });

  it('publishes on the loopback address only', () => {
    for (const { ports } of Object.values(composeFile().services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('gives Belay every variable that its configuration refers to', () => {
    const names = [...read('deploy/belay/belay.yaml').matchAll(/\$\{env:(\w+)\}/g)].map((match) => match[1]);
    expect(names).toContain('BELAY_TOKEN');
    expect(Object.keys(composeFile().services.belay!.environment)).toEqual(expect.arrayContaining(names));
  });

  it('gives Prometheus the token that Belay knows it by', () => {
    const { services, secrets } = composeFile();
    const file = /credentials_file: \/run\/secrets\/([\w-]+)/.exec(read('deploy/prometheus/prometheus.yml'))![1]!;
    expect(services.prometheus!.secrets).toContain(file);
    expect(read('deploy/belay/belay.yaml')).toContain(`\${env:${secrets[file]!.environment}}`);
  });

  it('gives Alertmanager the token that Belay knows it by, and that may do nothing but deliver', () => {
    const { services, secrets } = composeFile();
    const file = /credentials_file: \/run\/secrets\/([\w-]+)/.exec(read('deploy/alertmanager/alertmanager.yml'))![1]!;
    expect(services.alertmanager!.secrets).toContain(file);
    expect(read('deploy/belay/belay.yaml')).toContain(`role: webhook, token: "\${env:${secrets[file]!.environment}}"`);
  });

  it('gives Belay rules and plans that it accepts', async () => {
    const mounts = composeFile().services.belay!.volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':') as [string, string]);
    const files = mounts.flatMap(([from, to]) => (/\.yaml$/.test(from) ? [[from, to] as const] : yamlFilesIn(from).map((file) => [file, file.replace(from.slice(2), to)] as const)));
    const folder = configFolder(Object.fromEntries(files.map(([from, to]) => [to.replace('/etc/belay/', ''), read(from)])));
    const result = await loadConfig(folder, { secretReader: { readEnv: (name) => `http://value-of-${name}`, readFile: (path) => `content-of-${path}` } });
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  it('starts programs that the image holds', () => {
    const { services } = composeFile();
    const programs = Object.values(services).flatMap(({ entrypoint, healthcheck }) => ownPrograms([...(entrypoint ?? []), ...(healthcheck?.test ?? [])]));
    const bound = ['belay.yaml', 'deploy/belay/belay.yaml'].flatMap((file) => [...read(file).matchAll(/(?:\/app\/)?dist\/[\w/-]+\.js/g)].map(([program]) => program));
    expect(programs.length).toBeGreaterThanOrEqual(4);
    expect(bound.length).toBeGreaterThanOrEqual(4);
    for (const program of [...programs, ...bound]) expect(existsSync(join(root, sourceOf(program))), program).toBe(true);
  });
});

describe('the Dockerfile', () => {
  it('copies only what is there and not ignored', () => {
    const sources = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => match[1]!.split(' '));
    const allowed = read('.dockerignore').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(sources.length).toBeGreaterThanOrEqual(6);
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(allowed).toContain(source);
    }
  });

  it('runs as another user than root, with the dependencies of production only', () => {
    const last = read('Dockerfile').split(/^FROM /m).at(-1)!;
    expect(last).toMatch(/^USER node$/m);
    expect(last).not.toContain('npm ');
    expect(read('Dockerfile')).toContain('npm prune --omit=dev');
  });

  it('leaves out what SQLite is compiled from, source maps and types, and what is left still runs', async () => {
    const [, trim = ''] = /^RUN (rm -r node_modules\/better-sqlite3[\s\S]*?[^\\])\n(?=[A-Z#\n])/m.exec(read('Dockerfile')) ?? [];
    const home = mkdtempSync(join(tmpdir(), 'belay-image-'));
    try {
      const modules = join(home, 'node_modules');
      mkdirSync(join(home, 'dist'));
      for (const file of ['bin.js', 'bin.js.map', 'bin.d.ts']) writeFileSync(join(home, 'dist', file), '');
      for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path']) cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
      await run('sh', ['-ec', trim], { cwd: home });
      const left = [...readdirSync(join(modules, 'better-sqlite3'), { recursive: true, withFileTypes: true })].filter((entry) => entry.isFile());
      const bytes = left.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
      expect(left.filter(({ name }) => /\.(?:c|cpp|h|o|a)$/.test(name))).toEqual([]);
      expect(bytes).toBeLessThan(4_000_000);
      expect(readdirSync(join(home, 'dist'))).toEqual(['bin.js']);
      const { stdout } = await run(process.execPath, ['-p', `new (require('better-sqlite3'))(':memory:').prepare('SELECT 40 + 2').pluck().get()`], { cwd: home });
      expect(stdout).toBe('42\n');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
