/** Limits on the filters of one subscription. */
export const FILTER_LIMITS = {
  /** Maximum size of all filters in their canonical text, in bytes of UTF-8. */
  bytes: 4_096,
  /** Maximum depth of nested filters. In an expression, parentheses, arguments and prefix operators nest too. */
  depth: 8,
  /** Maximum number of filters, compared attributes, and operators and operands of expressions together. */
  nodes: 64,
  /** Maximum work of one evaluation, in compared, copied or searched characters. */
  steps: 262_144,
} as const;
