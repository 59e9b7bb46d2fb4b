import { useEffect, useState } from 'react';

/** Milliseconds since the epoch, renewed at this interval. */
export function useClock(interval: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), interval);
    return () => clearInterval(timer);
  }, [interval]);
  return now;
}
