import type { TargetKind } from '../../../src/delivery/TargetKind';
import { TargetKinds } from '../../../src/delivery/TargetKinds';

const kind = (name: string): TargetKind => ({ name } as TargetKind);

describe('The registered target kinds', (): void => {
  it('are found by their names, in the order of these.', (): void => {
    const kinds = new TargetKinds([ kind('web-hook_2'), kind('inbox') ]);
    expect(kinds.names()).toEqual([ 'inbox', 'web-hook_2' ]);
    expect([ kinds.find('inbox')?.name, kinds.find('other') ]).toEqual([ 'inbox', undefined ]);
  });

  it('have different names.', (): void => {
    expect((): unknown => new TargetKinds([ kind('inbox'), kind('inbox') ])).toThrow('Two target kinds have the same name: inbox, inbox');
  });

  it.each([ '', 'web.push', 'a b', 'inbox/', 'ü' ])('have no name like %j, which a stored key could not contain.', (name): void => {
    expect((): unknown => new TargetKinds([ kind(name) ])).toThrow(`not "${name}"`);
  });
});
