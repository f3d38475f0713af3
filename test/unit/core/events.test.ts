import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { allShards, eventId, shardOf } from '../../../functions/core/events.ts';
import { canonicalJson } from '../../../functions/core/json.ts';

describe('eventId()', () => {
  it('I13: is SHA-256 over each part with its length in bytes, so that no other parts share it', () => {
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(eventId('ä', 12)).toBe(sha('2:ä|2:12|'));
    expect(eventId('a', 'b')).not.toBe(eventId('ab'));
    expect(eventId('a', '1')).toBe(eventId('a', 1));
  });
});

describe('shards', () => {
  it('belong to a connection for good, and are named by their number', () => {
    const first = createHash('sha256').update('acme').digest().readUInt32BE(0);
    expect(shardOf('acme', 7)).toBe(String(first % 7));
    expect(shardOf('acme', 1)).toBe('0');
    expect(allShards(3)).toEqual(['0', '1', '2']);
  });
});

describe('canonicalJson()', () => {
  it('sorts members by code unit at every depth, and leaves out what is undefined', () => {
    const value = { b: [1, { z: null, a: 'x' }], a: true, B: 1.5, gone: undefined } as never;
    expect(canonicalJson(value)).toBe('{"B":1.5,"a":true,"b":[1,{"a":"x","z":null}]}');
    const letters = ['d', 'a', 'e', 'c', 'b'];
    const members = Object.fromEntries(letters.map((letter) => [letter, 1]));
    expect(canonicalJson(members)).toBe('{"a":1,"b":1,"c":1,"d":1,"e":1}');
  });
});
