#!/usr/bin/env bash
# Says in one sentence what a machine lacks. usage: require.sh (python|java|chromium|go|which-python)...
set -u

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
            >/dev/null 2>&1 && { command -v "$candidate"; return 0; }
    done
    return 1
}

require_python() {
    find_python >/dev/null && return
    echo "Python 3.11, 3.12 or 3.13 with its venv module is needed and none was found: install Python 3.11" \
        "(Debian: apt-get install python3.11-venv, macOS: brew install python@3.11)" \
        "or name one with PYTHON=/path/to/python." >&2
    exit 1
}

require_java() {
    local java="${JAVA_HOME:+$JAVA_HOME/bin/}java" version
    version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ] && return
    echo "Java 17 or newer is needed by Spark and ${version:+Java $version was found}${version:-none was found}:" \
        "install a JDK 17 (Debian: apt-get install openjdk-17-jre-headless, macOS: brew install openjdk@17)" \
        "or set JAVA_HOME to one." | sed 's/found[0-9]*:/found:/' >&2
    exit 1
}

# Only tests look at pages. On Debian as root it can be installed; elsewhere one says how.
require_chromium() {
    local name log
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        log=$(mktemp)
        echo "Installing Chromium, in which the tests look at pages (once, a minute)"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } \
            >"$log" 2>&1 && command -v chromium >/dev/null 2>&1 && return
        echo "Chromium could not be installed ($log says why):" >&2
    fi
    echo "Chromium is needed by the tests of pages and none was found: install it" \
        "(Debian: apt-get install chromium, elsewhere Chrome or Chromium on the PATH), then run make test again." >&2
    exit 1
}

require_go() {
    command -v go >/dev/null && return
    echo "Go is needed to build the S3 server of the tests and none was found: install Go 1.25 or newer" \
        "(Debian: apt-get install golang-go, macOS: brew install go)." >&2
    exit 1
}

for need in "$@"; do
    case "$need" in
        python) require_python ;;
        java) require_java ;;
        chromium) require_chromium ;;
        go) require_go ;;
        which-python) find_python || exit 1 ;;
        *) echo "require.sh: unknown need '$need'" >&2; exit 2 ;;
    esac
done
