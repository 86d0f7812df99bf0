const PATHS = {
  play: 'M8 5.5v13l11-6.5z',
  pause: 'M7 5.5h3.5v13H7zM13.5 5.5H17v13h-3.5z',
  previous: 'M6 5.5h2.5v13H6zM19 5.5v13l-9.5-6.5z',
  next: 'M15.5 5.5H18v13h-2.5zM5 5.5v13l9.5-6.5z',
  close: 'M6.7 5.3 12 10.6l5.3-5.3 1.4 1.4-5.3 5.3 5.3 5.3-1.4 1.4-5.3-5.3-5.3 5.3-1.4-1.4 5.3-5.3-5.3-5.3z',
  details:
    'M11 10.5h2v7h-2zM11 6.5h2v2h-2zM12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zm0 2a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15z',
  volume: 'M4 9v6h4l5 4.5v-15L8 9zM15.5 8.2v7.6a4.2 4.2 0 0 0 0-7.6z',
  inbound: 'M18.3 4.3 9 13.6V8H7v9h9v-2h-5.6l9.3-9.3z',
  outbound: 'M5.7 19.7 15 10.4V16h2V7H8v2h5.6l-9.3 9.3z',
  internal: 'M8 7 3 12l5 5 1.4-1.4L6.8 13h10.4l-2.6 2.6L16 17l5-5-5-5-1.4 1.4 2.6 2.6H6.8l2.6-2.6z',
} as const;

export type IconName = keyof typeof PATHS;

/** Never the only sign: there is always a text or a label. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
