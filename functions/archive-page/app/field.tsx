import type { ComponentChildren, PartialInputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: string;
  class?: string;
  /** Gets the attributes that connect the control with its label and its hint. */
  children: (control: { id: string; 'aria-describedby'?: string }) => ComponentChildren;
}

export function Field({ label, hint, class: className = '', children }: FieldProps) {
  const id = useId();
  return (
    <div class={`field ${className}`}>
      <label for={id}>{label}</label>
      {children({ id, ...(hint !== undefined && { 'aria-describedby': `${id}-hint` }) })}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  label: string;
  hint?: string;
  class?: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}

export function Select({ value, options, onChange, ...field }: SelectProps) {
  return (
    <Field {...field}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

type Attribute =
  | 'aria-invalid'
  | 'autocomplete'
  | 'enterkeyhint'
  | 'max'
  | 'maxLength'
  | 'minLength'
  | 'name'
  | 'onBlur'
  | 'required'
  | 'spellcheck';

interface InputProps extends Pick<PartialInputHTMLAttributes<HTMLInputElement>, Attribute> {
  type?: 'text' | 'password' | 'search' | 'date';
  'data-find'?: string;
  label: string;
  hint?: string;
  class?: string;
  value: string;
  onValue: (value: string) => void;
}

export function Input({
  label,
  hint,
  class: className,
  type = 'text',
  value,
  onValue,
  ...input
}: InputProps) {
  return (
    <Field
      label={label}
      {...(hint !== undefined && { hint })}
      {...(className !== undefined && { class: className })}
    >
      {(control) => (
        <input
          // The types allow no union of types here.
          type={type as 'text'}
          {...input}
          {...control}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
