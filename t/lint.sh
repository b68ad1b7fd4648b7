#!/bin/sh
#
# Checks the two contracts, docs/api/openapi.yaml and asyncapi.yaml: against
# the schema of OpenAPI, and for what schemas cannot say.  With npm at hand
# also by spectral, in the version that is named here.

set -eu
cd "$(dirname "$0")/.."

perl -It/lib t/lib/lint.pl docs/api/openapi.yaml docs/api/asyncapi.yaml

if [ "${DEVTALK_SPECTRAL-}" = 1 ]; then
    npx --yes @stoplight/spectral-cli@6.11.1 lint --fail-severity warn \
        --ruleset t/lib/spectral.yaml \
        docs/api/openapi.yaml docs/api/asyncapi.yaml
fi
