import { useLayoutEffect, useState } from 'preact/hooks';
import type { Pbx } from './contract.ts';
import { Input, Select } from './field.tsx';
import { type Filters, NO_FILTERS } from './filters.ts';
import { useLocale } from './locale.tsx';
import { createPeriods } from './periods.ts';

interface FindFormProps {
  filters: Filters;
  pbxs: readonly Pbx[];
  onFind: (filters: Filters) => void;
}

const LENGTHS = [10, 30, 60, 300, 600, 1800];

export const NUMBER_INPUT = 'find-number';

/** The search. Choosing from a list searches at once; a number is searched with Enter. */
export function FindForm({ filters, pbxs, onFind }: FindFormProps) {
  const { m, f } = useLocale();
  const [draft, setDraft] = useState(filters);
  // Before anything more is typed: leaving one day searches, while the other one is being entered.
  useLayoutEffect(() => setDraft(filters), [filters]);
  const isWrongOrder = draft.from !== '' && draft.to !== '' && draft.from > draft.to;
  const edit = (change: Partial<Filters>) => setDraft({ ...draft, ...change });
  const find = (change: Partial<Filters> = {}) => {
    const next = { ...draft, ...change };
    // It becomes part of the address.
    next.number = next.number.trim();
    setDraft(next);
    if (!(next.from !== '' && next.to !== '' && next.from > next.to)) onFind(next);
  };

  const periods = createPeriods(pbxs, draft.pbx);
  const presets = [
    [m.find.today, periods.today],
    [m.find.yesterday, periods.yesterday],
    [m.find.lastDays(7), periods.lastDays(7)],
    [m.find.lastDays(30), periods.lastDays(30)],
    [m.find.year, periods.year],
  ] as const;
  const lengths = [...new Set([...LENGTHS, Number(draft.minSeconds) || 0])]
    .filter(Boolean)
    .sort((a, b) => a - b);
  const { direction } = m;

  return (
    <search aria-label={m.find.label}>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault();
          find();
        }}
      >
        <Input
          label={m.find.number}
          hint={m.find.numberHint}
          class="find-number"
          data-find={NUMBER_INPUT}
          type="search"
          enterkeyhint="search"
          autocomplete="off"
          spellcheck={false}
          value={draft.number}
          onValue={(number) => edit({ number })}
        />
        <Input
          label={m.find.from}
          type="date"
          value={draft.from}
          max="9999-12-31"
          aria-invalid={isWrongOrder}
          onValue={(from) => edit({ from })}
          onBlur={() => draft.from !== filters.from && find()}
        />
        <Input
          label={m.find.to}
          type="date"
          value={draft.to}
          max="9999-12-31"
          aria-invalid={isWrongOrder}
          onValue={(to) => edit({ to })}
          onBlur={() => draft.to !== filters.to && find()}
        />
        {pbxs.length > 1 && (
          <Select
            label={m.find.pbx}
            value={draft.pbx}
            options={[['', m.find.anyPbx], ...pbxs.map(({ id }) => [id, id] as const)]}
            onChange={(pbx) => find({ pbx })}
          />
        )}
        <Select
          label={m.find.direction}
          value={draft.direction}
          options={[['', m.find.anyDirection], ...Object.entries(direction)]}
          onChange={(value) => find({ direction: value })}
        />
        <Select
          label={m.find.minSeconds}
          value={draft.minSeconds}
          options={[['', m.find.anyLength], ...lengths.map((s) => [String(s), f.duration(s)] as const)]}
          onChange={(minSeconds) => find({ minSeconds })}
        />
        <button type="submit" class="button primary">
          {m.find.submit}
        </button>
        <fieldset class="presets">
          <legend class="visually-hidden">{m.find.presets}</legend>
          {presets.map(([text, period]) => {
            const isPressed = draft.from === period.from && draft.to === period.to;
            return (
              <button
                key={text}
                type="button"
                class="chip"
                aria-pressed={isPressed}
                onClick={() => find(isPressed ? { from: '', to: '' } : period)}
              >
                {text}
              </button>
            );
          })}
          <button type="button" class="chip plain" onClick={() => find(NO_FILTERS)}>
            {m.find.reset}
          </button>
        </fieldset>
        {isWrongOrder && (
          <p class="problem" role="alert">
            {m.find.wrongOrder}
          </p>
        )}
      </form>
    </search>
  );
}
