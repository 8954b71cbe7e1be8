import type { ShopLayout } from './shop/shop-layout.js';

export interface DemoPlaces {
  /** Where Belay's own files go. */
  readonly home: string;
  /** `host:port` of Belay's API. */
  readonly listen: string;
  readonly layout: ShopLayout;
  readonly shopUrl: string;
  readonly slackUrl: string;
  readonly smtpUrl: string;
}

/** The environment variables that belay.yaml refers to. */
export function demoEnvironment(places: DemoPlaces): Readonly<Record<string, string>> {
  return {
    BELAY_DEMO_HOME: places.home,
    BELAY_DEMO_LISTEN: places.listen,
    SHOP_HOME: places.layout.home,
    SHOP_URL: places.shopUrl,
    SLACK_API_URL: places.slackUrl,
    SLACK_TOKEN: 'xoxb-demo-only',
    SMTP_URL: places.smtpUrl,
  };
}
