import { describe, expect, test } from 'vitest';
import { SseParser } from '../../src/http/sse-parser.js';

describe('server-sent events', () => {
  test('are read however they are cut into pieces', () => {
    const text = ': hello\n\nevent: status\nid: 7\ndata: {"a":1}\n\nevent: ping\ndata: {"now":2}\n\ndata: x\ndata: y\n\n';
    const whole = [{ type: 'status', id: '7', data: '{"a":1}' }, { type: 'ping', data: '{"now":2}' }, { type: 'message', data: 'x\ny' }];
    for (let size = 1; size <= text.length; size += 1) {
      const parser = new SseParser();
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(whole);
    }
  });

  test('with line ends of Windows are the same', () => {
    expect(new SseParser().push('event: ping\r\ndata: 1\r\n\r\n')).toEqual([{ type: 'ping', data: '1' }]);
  });
});
