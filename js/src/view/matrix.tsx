import { strings } from "../strings";
import { metric } from "./format";

export interface Matrix {
  labels: string[];
  rows: number[][];
}

/** Returns the confusion matrix that a document of azureml's kind holds, or null. */
export function matrixOf(content: unknown): Matrix | null {
  const data = (content as { data?: { class_labels?: unknown; matrix?: unknown } } | null)?.data;
  const rows = data?.matrix;
  if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row))) return null;
  const labels = Array.isArray(data?.class_labels) ? data.class_labels.map(String) : [];
  return { labels: rows.map((_, i) => labels[i] ?? String(i)), rows: rows as number[][] };
}

/** True classes down, predicted ones across; the stronger the ground, the larger the number. */
export function MatrixTable({ matrix, name }: { matrix: Matrix; name: string }) {
  const most = Math.max(1e-12, ...matrix.rows.flat().filter(Number.isFinite));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="rw-matrix" tabIndex={0}>
      <table aria-label={name}>
        <thead>
          <tr>
            <th scope="col">
              {strings.trueClass} ↓ {strings.predictedClass} →
            </th>
            {matrix.labels.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map((row, i) => (
            <tr key={matrix.labels[i]}>
              <th scope="row">{matrix.labels[i]}</th>
              {row.map((value, j) => (
                <td key={j} style={{ "--rw-share": `${Math.round((45 * value) / most)}%` }}>
                  {metric(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
