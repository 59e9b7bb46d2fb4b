import './placeholder.css';
import type { ReactNode } from 'react';

export interface PlaceholderProps {
  readonly icon?: ReactNode;
  readonly title: string;
  readonly text?: string;
  /** Announce it at once, because something went wrong. */
  readonly alert?: boolean;
  readonly children?: ReactNode;
}

/** What an empty, locked or failed area shows instead of its content. */
export function Placeholder({ icon, title, text, alert = false, children }: PlaceholderProps): ReactNode {
  return (
    <div className="placeholder" {...(alert && { role: 'alert' })}>
      {icon && (
        <span className="placeholder-icon" aria-hidden>
          {icon}
        </span>
      )}
      <p className="placeholder-title">{title}</p>
      {text && <p className="placeholder-text">{text}</p>}
      {children && <div className="placeholder-actions">{children}</div>}
    </div>
  );
}
