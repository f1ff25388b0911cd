#!/usr/bin/env bash
# Checks for what a machine lacks. As root on Debian and its derivatives it installs it by apt,
# elsewhere it says in one sentence what to install.
# usage: require.sh (python|java|chromium|go|which-python)...
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

java_version() {
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

has_java() {
    local version
    version=$(java_version)
    [ "${version:-0}" -ge 17 ]
}

has_chromium() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    return 1
}

# install WHAT TEST PACKAGE...: whether TEST holds once the first of the packages is installed that can be.
install() {
    local what=$1 test=$2 package log
    shift 2
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    log=$(mktemp)
    echo "Installing $what (once, a minute)"
    apt-get update >"$log" 2>&1
    for package in "$@"; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >>"$log" 2>&1 \
            && "$test" >/dev/null && return
    done
    echo "apt-get could not install $what, $log says why:" >&2
    return 1
}

require_python() {
    find_python >/dev/null && return
    install "Python's venv module" find_python python3-venv python3.11-venv python3.12-venv python3.13-venv && return
    echo "Python 3.11, 3.12 or 3.13 with its venv module is needed and none was found: install Python 3.11" \
        "(Debian: apt-get install python3-venv, macOS: brew install python@3.11)" \
        "or name one with PYTHON=/path/to/python." >&2
    exit 1
}

require_java() {
    has_java && return
    # A JAVA_HOME of the user's is theirs to change.
    [ -n "${JAVA_HOME:-}" ] \
        || install "Java" has_java openjdk-17-jre-headless openjdk-21-jre-headless default-jre-headless && return
    local version
    version=$(java_version)
    echo "Spark needs Java 17 or newer and ${version:+only Java }${version:-none} was found:" \
        "install Java 17 (Debian: apt-get install openjdk-17-jre-headless, macOS: brew install openjdk@17)" \
        "or set JAVA_HOME to one." >&2
    exit 1
}

# Only tests look at pages.
require_chromium() {
    has_chromium && return
    install "Chromium, in which the tests look at pages" has_chromium chromium && return
    echo "The tests of pages need Chromium and none was found: install it" \
        "(Debian: apt-get install chromium, elsewhere Chrome or Chromium on the PATH), then run make test again." >&2
    exit 1
}

require_go() {
    command -v go >/dev/null && return
    echo "The S3 server of the tests needs Go and none was found: install Go 1.25 or newer" \
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
