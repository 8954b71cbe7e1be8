import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { startJsonService, type JsonService, type ServedRequest } from './json-service.js';

type Answer = Parameters<typeof startJsonService>[0];

/** A folder inside folders, with a program and a service that note what they are told; what leaves it is seen. */
export class BreakOutWorld {
  readonly directory: string;
  readonly service: JsonService;
  /** What the service answers; told otherwise, that there is no such thing. */
  answer: Answer = () => ({ status: 404, body: {} });
  readonly #outer: string;

  private constructor(outer: string, service: JsonService) {
    this.#outer = outer;
    this.directory = join(outer, 'a', 'b');
    this.service = service;
  }

  static async create(): Promise<BreakOutWorld> {
    const outer = mkdtempSync(join(tmpdir(), 'belay-break-out-'));
    mkdirSync(join(outer, 'a', 'b'), { recursive: true });
    writeFileSync(join(outer, 'outside'), 'untouched');
    const made: { world?: BreakOutWorld } = {};
    const service = await startJsonService((request) => made.world?.answer(request));
    made.world = new BreakOutWorld(outer, service);
    return made.world;
  }

  file(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.file(name)), { recursive: true });
    writeFileSync(this.file(name), text);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** Writes the program `./told`, which notes its arguments, and then does what the script says. */
  told(script = ''): void {
    writeFileSync(this.file('told'), `#!/bin/sh\n(printf '\\001'; for word; do printf '%s\\0' "$word"; done) >> ${JSON.stringify(this.file('words'))}\n${script}\n`, { mode: 0o755 });
  }

  /** The arguments of every call of `./told`. */
  calls(): string[][] {
    if (!existsSync(this.file('words'))) return [];
    return this.read('words').split('\u0001').slice(1).map((call) => call.split('\0').slice(0, -1));
  }

  /** Of the requests so far, each way once: with `*` for a part of the path that is the value, and with names of queries only. */
  shapes(value: string): string[] {
    const shape = ({ method, url }: ServedRequest): string => {
      const { origin, pathname, searchParams } = new URL(url, this.service.url);
      expect(origin).toBe(this.service.url);
      const parts = pathname.split('/').map((part) => (decodeURIComponent(part) === value ? '*' : part));
      const query = [...searchParams.keys()].join('&');
      return `${method} ${parts.join('/')}${query === '' ? '' : `?${query}`}`;
    };
    return [...new Set(this.service.requests.map(shape))].sort();
  }

  /** Ends it all. Nothing ran, and nothing was written elsewhere, whatever became of the steps. */
  async close(): Promise<void> {
    await this.service.close();
    try {
      expect(readdirSync(this.#outer).sort()).toEqual(['a', 'outside']);
      expect(readdirSync(join(this.#outer, 'a'))).toEqual(['b']);
      expect(readFileSync(join(this.#outer, 'outside'), 'utf8')).toBe('untouched');
      expect([this.directory, process.cwd()].flatMap((place) => ['pwned', '--output=pwned', '--flag'].filter((name) => existsSync(join(place, name))))).toEqual([]);
    } finally {
      rmSync(this.#outer, { recursive: true });
    }
  }
}
