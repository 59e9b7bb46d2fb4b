import './page.css';
import { type ReactNode, useId } from 'react';

export interface PageProps {
  readonly title: string;
  readonly text?: string;
  /** Beside the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A panel that is read from top to bottom. */
export function Page({ title, text, actions, children }: PageProps): ReactNode {
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {text && <p className="quiet">{text}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export interface SectionProps {
  readonly title: string;
  readonly text?: string;
  readonly tone?: 'danger';
  readonly children: ReactNode;
}

export function Section({ title, text, tone, children }: SectionProps): ReactNode {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id} data-tone={tone}>
      <h2 id={id}>{title}</h2>
      {text && <p className="section-text">{text}</p>}
      {children}
    </section>
  );
}

/** Rows that belong together, on one sheet. */
export function Sheet({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="sheet">{children}</div>;
}
