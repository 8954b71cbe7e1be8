import { useEffect, useState } from 'preact/hooks';

const darkMode = matchMedia('(prefers-color-scheme: dark)');

/** Whether the page is shown dark. */
export function useDark(): boolean {
  const [isDark, setIsDark] = useState(darkMode.matches);
  useEffect(() => {
    const changed = (): void => setIsDark(darkMode.matches);
    darkMode.addEventListener('change', changed);
    return () => darkMode.removeEventListener('change', changed);
  }, []);
  return isDark;
}
