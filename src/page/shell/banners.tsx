import type { ComponentChildren, JSX } from 'preact';
import type { SourceView, StatusView } from '../../http/guard-api.js';
import { ResumeButton } from '../actions/pause-actions.js';
import { useLive } from '../live/live.js';
import type { Connection } from '../live/live-state.js';
import { Icon } from '../view/icon.js';
import { Instant, Since, Until } from '../view/times.js';
import type { Tone } from '../view/tone.js';

/** What everybody must know before they read on: why the page may be wrong, and what Belay will not or cannot do. */
export function Banners(): JSX.Element {
  const connection = useLive((state) => state.connection);
  const status = useLive((state) => state.status);
  return (
    <section class="banners" aria-label="Warnings">
      {connection.kind === 'lost' && <Lost {...connection} />}
      {status !== undefined && <StatusBanners status={status} />}
    </section>
  );
}

function Lost({ since, why }: Extract<Connection, { kind: 'lost' }>): JSX.Element {
  return (
    <Banner tone="bad" title="Disconnected">
      {why} {since !== undefined && <>What you see is how things were at <Instant at={since} />, <Since at={since} /> ago. </>}
      The page tries again by itself.
    </Banner>
  );
}

function StatusBanners({ status }: { readonly status: StatusView }): JSX.Element {
  const { store, mode, pauses, sources, configurationRefused, targets } = status;
  const blind = sources.filter(({ state }) => state === 'blind');
  const others = targets.filter((target) => target.mode !== mode);
  return (
    <>
      {store.state === 'lost' && (
        <Banner tone="bad" title="Store lost">
          Belay has not been able to read or write its store since <Instant at={store.since} />: {store.message.replace(/\.$/, '')}. It can decide nothing and begin nothing until that works again.
        </Banner>
      )}
      {blind.map((source) => (
        <Blind key={source.name} source={source} />
      ))}
      {configurationRefused !== undefined && (
        <Banner tone="warn" title="Configuration refused">
          The files on disk have been wrong since <Instant at={configurationRefused.at} />; the older ones are in use.
          <ul>
            {configurationRefused.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Banner>
      )}
      {mode === 'dry-run' && (
        <Banner tone="paused" title="DRY RUN">
          Every decision is taken, nothing is done. {others.length > 0 && `Other modes: ${others.map((target) => `${target.name} ${target.mode}`).join(', ')}.`}
        </Banner>
      )}
      {mode === 'observe' && (
        <Banner tone="paused" title="OBSERVE">
          Belay watches and tells, and plans nothing. {others.length > 0 && `Other modes: ${others.map((target) => `${target.name} ${target.mode}`).join(', ')}.`}
        </Banner>
      )}
      {pauses.map(({ id, target, by, reason, since, until }) => (
        <Banner key={id} tone="paused" title={target === undefined ? 'PAUSED' : `PAUSED: ${target}`} action={<ResumeButton pauseId={id} target={target} />}>
          No automatic rollback{target === undefined ? '' : ` of ${target}`}. By {by} since <Instant at={since} />: {reason}. {until === undefined ? 'Until somebody resumes.' : <>It ends by itself in <Until at={until} />.</>}
        </Banner>
      ))}
    </>
  );
}

function Blind({ source: { name, since, message } }: { readonly source: SourceView }): JSX.Element {
  return (
    <Banner tone="blind" title={`BLIND: ${name}`}>
      {since !== undefined && <>Since <Instant at={since} /> </>}
      the source gives no usable answer{message === undefined ? '' : `: ${message}`}. What it watches is unknown, neither well nor broken, and starts no rollback.
    </Banner>
  );
}

interface BannerProps {
  readonly tone: Tone;
  readonly title: string;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Banner({ tone, title, action, children }: BannerProps): JSX.Element {
  return (
    <div class={`banner ${tone}`}>
      <Icon tone={tone} />
      <div class="banner-text">
        <strong>{title}</strong> <span>{children}</span>
      </div>
      {action}
    </div>
  );
}
