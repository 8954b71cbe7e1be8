# syntax=docker/dockerfile:1
ARG NODE_VERSION=26

# The full image has the compiler that better-sqlite3 needs where no prebuilt binary fits.
FROM node:${NODE_VERSION}-trixie AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/copy-assets.mjs scripts/build-page.mjs scripts/
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund
# Sources of SQLite, what its compiler left behind, source maps and types: half of all, and of no use to what runs.
RUN rm -r node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
    && find node_modules/better-sqlite3/build -type f ! -path '*/build/Release/better_sqlite3.node' -delete \
    && find dist node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete

FROM node:${NODE_VERSION}-trixie-slim
# git: configuration kept in a repository. tini: reaps what rolled-back commands leave behind, and passes signals on.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git tini \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=node --group=node /var/lib/belay /srv/shop
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
USER node
EXPOSE 9797
# The configuration is mounted: belay.yaml, rules/ and plans/ in /etc/belay.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:9797/-/healthy').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "node", "/app/dist/bin.js"]
CMD ["run", "--config", "/etc/belay/belay.yaml"]
