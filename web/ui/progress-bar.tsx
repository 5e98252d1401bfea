/** A progress bar with its label. Without `of`, the end isn't known yet. */
export function ProgressBar({ label, done, of }: { label: string; done?: number; of?: number | undefined }) {
  return (
    <div class="progress">
      <progress aria-label={label} {...(of ? { value: done ?? 0, max: of } : {})} />
      <span class="progress-label">{label}</span>
    </div>
  );
}
