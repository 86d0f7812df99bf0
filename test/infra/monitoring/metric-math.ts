/** One value a period, the oldest first; `undefined` where a metric has no data. */
export type Series = readonly (number | undefined)[];
type Operand = number | Series;

/**
 * Evaluates an expression of CloudWatch's metric math, as far as the alarms use it. What happens to missing data is that
 * of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, "Metric math syntax and
 * functions" and "Using IF expressions". Where that is silent, on a comparison with a number, there is no result.
 */
export function evaluateMetricMath(expression: string, metrics: Readonly<Record<string, Series>>): Series {
  const periods = Math.max(...Object.values(metrics).map(({ length }) => length));
  const tokens = expression.match(/[A-Za-z_]\w*|\d+|[<>=!]=|\S/g) ?? [];

  function pointwise(operands: Operand[], of: (...values: Series) => number | undefined): Series {
    const at = (n: number) => operands.map((operand) => (typeof operand === 'number' ? operand : operand[n]));
    return Array.from({ length: periods }, (_, n) => of(...at(n)));
  }

  function binary(left: Operand, operator: string, right: Operand): Series {
    const isBetweenSeries = typeof left !== 'number' && typeof right !== 'number';
    const missing = isBetweenSeries || !(operator in COMPARISONS) ? 0 : undefined;
    return pointwise([left, right], (a = missing, b = missing) =>
      a === undefined || b === undefined ? undefined : OPERATORS[operator]?.(a, b),
    );
  }

  /** Operators that bind alike, between operands that bind more tightly. */
  const chain = (operators: readonly string[], next: () => Operand) => () => {
    let left = next();
    while (operators.includes(tokens[0] ?? '')) left = binary(left, String(tokens.shift()), next());
    return left;
  };
  const sum = chain(['+'], primary);
  const comparison = chain(Object.keys(COMPARISONS), sum);
  const condition = chain(['AND'], comparison);

  function list(end: string): Operand[] {
    const operands: Operand[] = [];
    for (let token: string | undefined = ','; token !== end; token = tokens.shift()) {
      if (token !== ',') throw new Error(`"${end}" is missing in ${expression}`);
      const isArray = tokens[0] === '[';
      if (isArray) tokens.shift();
      operands.push(...(isArray ? list(']') : [condition()]));
    }
    return operands;
  }

  function primary(): Operand {
    const token = tokens.shift() ?? '';
    if (/^\d/.test(token)) return Number(token);
    if (token === '(') return list(')')[0] ?? 0;
    const call = FUNCTIONS[token];
    if (call !== undefined && tokens.shift() === '(') return pointwise(list(')'), call);
    const series = metrics[token];
    if (series === undefined) throw new Error(`"${token}" is unknown in ${expression}`);
    return series;
  }

  const result = condition();
  if (tokens.length > 0 || typeof result === 'number') throw new Error(`No series: ${expression}`);
  return result;
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '>': (a, b) => Number(a > b),
  '<': (a, b) => Number(a < b),
  '>=': (a, b) => Number(a >= b),
  '<=': (a, b) => Number(a <= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
};

const OPERATORS: typeof COMPARISONS = {
  ...COMPARISONS,
  '+': (a, b) => a + b,
  AND: (a, b) => Number(a !== 0 && b !== 0),
};

const FUNCTIONS: Readonly<Record<string, (...values: Series) => number | undefined>> = {
  FILL: (value, filler) => value ?? filler,
  IF: (condition, yes, no) => (condition === undefined ? undefined : condition === 0 ? no : (yes ?? 0)),
  MAX(...values) {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  },
};
