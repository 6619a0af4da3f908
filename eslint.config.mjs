import stylistic from '@stylistic/eslint-plugin';
import tseslint from 'typescript-eslint';

const naming = [
  { selector: 'default', format: [ 'camelCase', 'PascalCase', 'UPPER_CASE' ], leadingUnderscore: 'allow' },
  { selector: [ 'objectLiteralProperty', 'import' ], format: null },
];

/** The folders of `src/`, in layers: a file imports from its own layer and those before it. */
const layers = [
  [ 'event', 'url', 'outgoing', 'work', 'filter' ],
  [ 'identity' ],
  [ 'store' ],
  [ 'access', 'subscription', 'catalogue' ],
  [ 'publish', 'delivery' ],
  [ 'targets' ],
  [ 'http' ],
  [ 'dialects' ],
  [ 'pod', 'metrics' ],
  [ 'server', 'store-sqlite' ],
];
/** Folders that import the server's own package; in `identity`, the part about accounts does. */
const withServer = new Set([ 'http', 'dialects', 'pod', 'server' ]);
const serverPackage = {
  regex: String.raw`^(?:@solid/community-server|(?:\.\.?/)+css)$`,
  message: 'Only pod/, http/, dialects/, server/ and identity/account/ depend on the server.',
};
/** Folders that depend on the server import it through one file. */
const serverImport = {
  regex: '^@solid/community-server$',
  message: 'Import from src/css.ts, the only file that imports the server.',
};

/** The import rule of a folder: those who are named in `patterns` are not imported. */
const importRule = (files, patterns, ignores = []) => ({
  files: [ files ], ignores, rules: { 'no-restricted-imports': [ 'error', { patterns }]},
});

const importRules = layers.flatMap((folders, layer) => folders.flatMap((folder) => {
  const later = layers.slice(layer + 1).flat();
  const against = later.length === 0 ? [] : [{
    regex: String.raw`^(?:\.\./)+(?:${later.join('|')})/`,
    message: `${folder}/ does not import from later layers.`,
  }];
  const ofServer = [ withServer.has(folder) ? serverImport : serverPackage ];
  return [
    importRule(`src/${folder}/**/*.ts`, [ ...against, ...ofServer ], folder === 'identity' ? [ 'src/identity/account/**' ] : []),
    ...folder === 'identity' ? [ importRule('src/identity/account/**/*.ts', [ ...against, serverImport ]) ] : [],
    // A dialect or kind of target does not import another one.
    ...[ 'dialects', 'targets' ].includes(folder) ?
      [ importRule(`src/${folder}/*/**/*.ts`, [ ...against, ...ofServer, { regex: String.raw`^\.\./[\w-]+/`, message: 'Siblings do not import each other.' }]) ] :
      [],
  ];
}));

export default tseslint.config(
  { ignores: [ '.dist-*/', 'components/', 'coverage/', 'dist/', 'node_modules/' ]},
  stylistic.configs.customize({ indent: 2, quotes: 'single', semi: true, braceStyle: '1tbs', arrowParens: true }),
  {
    rules: {
      'max-len': [ 'error', { code: 120, ignoreUrls: true, ignoreTemplateLiterals: true, ignoreStrings: true }],
      '@stylistic/array-bracket-spacing': 'off',
      '@stylistic/object-curly-spacing': 'off',
      '@stylistic/space-before-function-paren': 'off',
      '@stylistic/quote-props': [ 'error', 'as-needed' ],
      '@stylistic/indent': 'off',
      '@stylistic/operator-linebreak': 'off',
      '@stylistic/max-statements-per-line': 'off',
      '@stylistic/multiline-ternary': 'off',
      '@stylistic/lines-between-class-members': 'off',
      '@stylistic/member-delimiter-style': 'off',
      '@stylistic/indent-binary-ops': 'off',
    },
  },
  {
    files: [ '**/*.ts' ],
    extends: [ ...tseslint.configs.strictTypeChecked ],
    languageOptions: { parserOptions: { projectService: true }},
    rules: {
      '@typescript-eslint/explicit-function-return-type': 'error',
      '@typescript-eslint/explicit-member-accessibility': 'error',
      '@typescript-eslint/naming-convention': [ 'error', ...naming ],
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [ 'error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/promise-function-async': 'error',
    },
  },
  ...importRules,
  {
    files: [ 'test/**/*.ts', 'bench/**/*.ts' ],
    rules: {
      'max-len': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
);
