import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinParts } from '../../../../src/http/openapi/joinParts';

describe('The OpenAPI parts', (): void => {
  let folder: string;

  beforeEach((): void => {
    folder = mkdtempSync(join(tmpdir(), 'pod-events-openapi-'));
  });

  afterEach((): void => rmSync(folder, { recursive: true }));

  const write = (name: string, part: object): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'openapi.json'), JSON.stringify(part));
  };

  it('are joined in the order of their folders.', (): void => {
    write('b', { openapi: '3.1.0', tags: [{ name: 'b' }], paths: { '/b': {}}, components: { schemas: { B: {}}, headers: { H: {}}}});
    write('a', { tags: [{ name: 'a' }], paths: { '/a': {}}, components: { schemas: { A: {}}}});
    expect(joinParts(folder)).toEqual({
      openapi: '3.1.0',
      tags: [{ name: 'a' }, { name: 'b' }],
      paths: { '/a': {}, '/b': {}},
      components: { schemas: { A: {}, B: {}}, headers: { H: {}}},
    });
  });

  it.each([
    [ 'a path', '/x', { paths: { '/x': {}}}],
    [ 'a component', 'X', { components: { schemas: { X: {}}}}],
    [ 'another member', 'info', { info: {}}],
  ])('must not define %s twice.', (_kind, name, part): void => {
    write('a', part);
    write('b', part);
    expect((): unknown => joinParts(folder)).toThrow(`Two OpenAPI parts define ${name}`);
  });
});
