#!/bin/sh
# Installs the Debian packages named as arguments that are missing; without root it prints the line to run instead.
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in "$@"; do
    # Newer Debian and Ubuntu releases carry some libraries under a name that ends in t64.
    for name in "$package" "${package}t64"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' && continue 2
    done
    missing="$missing $package"
done
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Some system libraries are missing. Please run:"
    echo "    sudo apt-get install --yes --no-install-recommends$missing"
    exit 1
fi
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends $missing >/dev/null
