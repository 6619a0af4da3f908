import stylistic from '@stylistic/eslint-plugin';
import tseslint from 'typescript-eslint';

const naming = [
  { selector: 'default', format: [ 'camelCase', 'PascalCase', 'UPPER_CASE' ], leadingUnderscore: 'allow' },
  { selector: [ 'objectLiteralProperty', 'import' ], format: null },
];

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
