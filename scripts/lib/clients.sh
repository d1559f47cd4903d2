# Sourced by dev: clients that others make, of the gateway's OpenAPI document or of its reflection, and what they do in a
# running stack.

grpcurl_module=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.9

# All of it lies in build/clients; the sources of the stories are copied there.
live_as_clients() {
    local folder="$repo/build/clients"
    [[ -n ${UNIBOX_GATEWAY_URL:-} && -n ${UNIBOX_API_KEY:-} ]] ||
        fail "UNIBOX_GATEWAY_URL and UNIBOX_API_KEY are not set" "set -a; . .unibox/env; set +a"
    rm -rf "$folder/story"
    mkdir -p "$folder"
    cp -r "$repo/tests/clients" "$folder/story"
    cd "$folder/story" || return
    curl --fail --silent --show-error "$UNIBOX_GATEWAY_URL/openapi.json" >openapi.json
    live_in_python "$folder/venv"
    live_in_typescript
    live_by_reflection "$folder/bin"
}

# Built once; go keeps what it fetched.
live_by_reflection() {
    local bin=$1
    [[ -x $bin/grpcurl ]] || GOBIN=$bin GOFLAGS=-modcacherw go install "$grpcurl_module"
    ./story.sh "$bin/grpcurl"
}

# The environment is kept; pip has nothing to do the next time.
live_in_python() {
    local venv=$1
    [[ -x $venv/bin/python ]] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
    "$venv/bin/openapi-spec-validator" openapi.json
    "$venv/bin/openapi-python-client" generate --path openapi.json --output-path generated --meta none --overwrite \
        2>generator.log || { cat generator.log >&2; return 1; }
    mv generated unibox_client
    PYTHONPATH=. "$venv/bin/python" -B story.py
}

live_in_typescript() {
    npm ci --silent --no-fund --no-audit
    npx openapi-typescript openapi.json -o unibox.d.ts >generator.log 2>&1 || { cat generator.log >&2; return 1; }
    npx tsc
    node story.js
}
