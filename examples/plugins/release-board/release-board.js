// A plugin: a provider of deployments, and a step type. It needs nothing but Node.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** What is on the board: a file of JSON, such as { "shop": "v2" }. One that is not there is empty. */
async function boardIn(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

/** A reader sees the old board or the new one. */
async function writeBoard(file, board, signal) {
  const beside = `${file}.next`;
  await writeFile(beside, `${JSON.stringify(board)}\n`, { signal });
  await rename(beside, file);
}

/**
 * One key of the board brought to a value; `undefined` stands for no such key.
 * @returns {import('belayd').StateChange}
 */
function onBoard(file, key, wanted) {
  return {
    subject: `${key} on the board`,
    wanted: wanted ?? 'not there',
    async read() {
      const actual = (await boardIn(file))[key];
      return { state: actual === wanted ? 'applied' : 'not-applied', actual: actual ?? 'not there' };
    },
    async apply({ signal }) {
      const { [key]: _before, ...board } = await boardIn(file);
      await writeBoard(file, wanted === undefined ? board : { ...board, [key]: wanted }, signal);
    },
    // What is journalled before the change, and the change that puts it back.
    capture: async () => ({ value: (await boardIn(file))[key] ?? null }),
    restoring: ({ value }) => onBoard(file, key, value ?? undefined),
  };
}

/** @type {import('belayd').BelayPlugin} */
export default {
  deployments: {
    'release-board': {
      settings: { type: 'object', properties: { file: { type: 'string', minLength: 1 } }, required: ['file'] },
      change: ({ settings, parameters, directory }) => onBoard(resolve(directory, settings.file), parameters.service, parameters.version),
    },
  },
  steps: {
    'board-note': {
      parameters: {
        type: 'object',
        properties: { file: { type: 'string', minLength: 1 }, note: { type: 'string', minLength: 1, maxLength: 200 } },
        required: ['file', 'note'],
      },
      change: ({ parameters, directory }) => onBoard(resolve(directory, parameters.file), 'note', parameters.note),
    },
  },
};
